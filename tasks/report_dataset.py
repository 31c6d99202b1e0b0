"""report_dataset: what the data set is, who is in it, and what became of every clip."""

import logging
from collections.abc import Mapping
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


def describe_metrics(metrics: Mapping[str, int | float], page: Path) -> str:
    """The data set in a few lines of Markdown."""
    lost = {name: number for name, number in metrics.items() if name.startswith("lost_")}
    lines = [
        f"**{metrics['clips_kept']:,} of {metrics['clips_listed']:,} clips** came through "
        f"({metrics['clips_kept_share']:.1%}), {metrics['people']:,} people, "
        f"{metrics['speech_h']:.2f} h of speech.",
        "",
        "| lost in stage, for reason | clips |",
        "|---|---|",
        *(f"| `{name[len('lost_') :]}` | {number:,} |" for name, number in lost.items()),
        "",
        f"{metrics['rows_bad']:,} bad and {metrics['rows_repeated']:,} repeated rows of the lists "
        f"were left out. The whole report is `{page}`.",
    ]
    return "\n".join(lines)
