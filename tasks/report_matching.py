"""report_matching: Table 3 and what belongs to it as a page, beside the printed numbers."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from prefect import task

from tasks.report.matching.content import build_report
from tasks.report.render import write_report

logger = logging.getLogger(__name__)


@task(task_run_name="report_matching")
def write_matching_report(
    evaluation: Path, weights: Sequence[Path], out: Path
) -> Mapping[str, int | float]:
    """Renders EVALUATION to `out` with the cards of the weights; returns the report's metrics."""
    report = build_report(evaluation, weights)
    logger.info("report_matching: see %s", write_report(report, out))
    return report.metrics
