"""report_speech2face: the evaluation of Speech2Face as a page, tables, figures and metrics."""

import logging
from pathlib import Path

from prefect import task

from tasks.report.render import write_report
from tasks.report.speech2face.content import build_report

logger = logging.getLogger(__name__)


@task(task_run_name="report_speech2face")
def write_speech2face_report(
    evaluation: Path, encoder: Path, decoder: Path, out: Path
) -> dict[str, int | float]:
    """Writes the report on `evaluation`, with the cards of ENCODER and DECODER; returns its
    metrics."""
    report = build_report(evaluation, {"speech2face": encoder, "face_decoder": decoder})
    logger.info("report_speech2face: see %s", write_report(report, out))
    return dict(report.metrics)
