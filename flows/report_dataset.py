"""Stage report_dataset: the data set described, as a page, tables, figures and metrics."""

from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows._command import run_command
from flows._process import lock_stage
from flows._shards import name_artifact
from tasks.params import read_params
from tasks.report_dataset import describe_metrics, write_dataset_report


@flow(name="report_dataset")
def report_dataset(data: Path, out: Path) -> None:
    """Describes the data set below DATA in OUT/index.html."""
    with lock_stage("report_dataset"):
        metrics = write_dataset_report(data, out, read_params())
    create_table_artifact(
        [{"metric": name, "value": value} for name, value in metrics.items()],
        key=name_artifact("report_dataset"),
        description=f"The data set in numbers; the whole report is {out / 'index.html'}",
    )
    create_markdown_artifact(
        describe_metrics(metrics, out / "index.html"),
        key=f"{name_artifact('report_dataset')}-words",
    )


if __name__ == "__main__":
    run_command(report_dataset)
