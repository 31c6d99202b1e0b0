"""report_dataset: what the data set is, who is in it, and what became of every clip."""

import logging
from pathlib import Path

from prefect import task

from tasks.params import Params
from tasks.report.dataset.content import build_report
from tasks.report.render import write_report

logger = logging.getLogger(__name__)


@task(task_run_name="report_dataset")
def write_dataset_report(data: Path, out: Path, params: Params) -> dict[str, int | float]:
    """Writes the report on the shards below `data` to `out`; returns its metrics."""
    report = build_report(data, params)
    page = write_report(report, out)
    logger.info(
        "report_dataset: %d of %d clips came through, see %s",
        report.metrics["clips_kept"],
        report.metrics["clips_listed"],
        page,
    )
    return dict(report.metrics)
