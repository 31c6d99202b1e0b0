"""Stage report_speech2face: Speech2Face's evaluation as a report."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._reports import run_report
from tasks.report_speech2face import write_speech2face_report


@flow(name="report_speech2face")
def report_speech2face(evaluation: Path, encoder: Path, decoder: Path, out: Path) -> None:
    """Renders EVALUATION, with the cards of ENCODER and face DECODER, as OUT/index.html."""
    run_report(
        write_speech2face_report,
        inputs={"evaluation": evaluation, "encoder": encoder, "decoder": decoder},
        out=out,
    )


if __name__ == "__main__":
    run_command(report_speech2face)
