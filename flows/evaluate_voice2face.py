"""Stage evaluate_voice2face: Wen et al.'s networks, measured."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._reports import run_evaluation
from tasks.evaluate_voice2face import measure_voice2face
from tasks.params import read_params


@flow(name="evaluate_voice2face")
def evaluate_voice2face(
    shards: Path, extracts: Path, embedding: Path, gan: Path, out: Path
) -> None:
    """Measures the voice EMBEDDING and the GAN on SHARDS, writes figures to OUT; EXTRACTS hold the
    sound of the test voices."""
    params = read_params()
    run_evaluation(
        measure_voice2face,
        inputs={"shards": shards, "extracts": extracts, "embedding": embedding, "gan": gan},
        out=out,
        params=params.evaluate_voice2face,
        evaluation=params.evaluation,
        features=params.compute_features,
        run=params.run,
    )


if __name__ == "__main__":
    run_command(evaluate_voice2face)
