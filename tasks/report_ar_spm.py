"""report_ar_spm: AR-SPM's tables and figures as a page, beside the paper's numbers."""

import logging
from collections.abc import Mapping
from pathlib import Path

from prefect import task

from tasks.evaluation.ar_spm.weights import list_encoders
from tasks.report.ar_spm.content import build_report
from tasks.report.render import write_report

logger = logging.getLogger(__name__)


@task(task_run_name="report_ar_spm")
def write_ar_spm_report(
    evaluation: Path,
    encoder: Path,
    decoder: Path,
    priors: Path,
    gender: Path,
    out: Path,
    *,
    variants: Path | None = None,
) -> Mapping[str, int | float]:
    """Renders EVALUATION to `out` with the cards of the weights; returns the report's metrics."""
    encoders = {folder.name: folder for folder in list_encoders(encoder, variants)}
    others = {folder.name: folder for folder in (decoder, priors, gender)}
    report = build_report(evaluation, encoders | others)
    logger.info("report_ar_spm: see %s", write_report(report, out))
    return report.metrics
