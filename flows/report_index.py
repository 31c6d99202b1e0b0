"""Stage report_index: the page that links all reports."""

from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows._command import run_command
from flows._process import lock_stage
from flows._shards import name_artifact
from tasks.report_index import write_index


@flow(name="report_index")
def report_index(reports: Path, page: Path) -> None:
    """Writes PAGE, with a link to every report below REPORTS."""
    with lock_stage("report_index"):
        entries = write_index(reports, page)
    lines = [f"- **{entry.title}**: {entry.sentence} {entry.verdict}" for entry in entries]
    create_markdown_artifact("\n".join(lines), key=name_artifact("report_index"))


if __name__ == "__main__":
    run_command(report_index)
