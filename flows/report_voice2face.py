"""Stage report_voice2face: the report on Wen et al."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._reports import run_report
from tasks.report_voice2face import write_voice2face_report


@flow(name="report_voice2face")
def report_voice2face(evaluation: Path, embedding: Path, gan: Path, out: Path) -> None:
    """Writes the report on EVALUATION to OUT, with the cards of the voice EMBEDDING and the GAN."""
    inputs = {"evaluation": evaluation, "embedding": embedding, "gan": gan}
    run_report(write_voice2face_report, inputs=inputs, out=out)


if __name__ == "__main__":
    run_command(report_voice2face)
