"""Stage report_matching: the systems that match voices and faces, side by side on a page."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._reports import run_report
from tasks.report_matching import write_matching_report


@flow(name="report_matching")
def report_matching(evaluation: Path, weights: tuple[Path, ...], out: Path) -> None:
    """Shows EVALUATION in OUT/index.html, with the cards of the WEIGHTS it is of."""
    run_report(write_matching_report, inputs={"evaluation": evaluation}, out=out, weights=weights)


if __name__ == "__main__":
    run_command(report_matching)
