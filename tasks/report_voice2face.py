"""report_voice2face: the evaluation of Wen et al.'s networks as a page."""

import logging
from collections.abc import Mapping
from pathlib import Path

from prefect import task

from tasks.report.render import write_report
from tasks.report.voice2face.content import build_report

logger = logging.getLogger(__name__)


@task(task_run_name="report_voice2face")
def write_voice2face_report(
    evaluation: Path, embedding: Path, gan: Path, out: Path
) -> Mapping[str, int | float]:
    """Writes the report on `evaluation`, with the cards of the weights, to `out`; returns its
    metrics."""
    report = build_report(evaluation, {"voice_embedding": embedding, "gan": gan})
    page = write_report(report, out)
    logger.info("report_voice2face: see %s", page)
    return report.metrics
