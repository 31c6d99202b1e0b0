"""Stage evaluate_speech2face: Speech2Face measured on held-out people."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._reports import run_evaluation
from tasks.evaluate_speech2face import measure_speech2face
from tasks.params import read_params


@flow(name="evaluate_speech2face")
def evaluate_speech2face(
    shards: Path, encoder: Path, decoder: Path, out: Path, variants: Path | None = None
) -> None:
    """Measures ENCODER with the face DECODER on SHARDS, writes to OUT.

    Of a folder of VARIANTS all encoders are measured beside it.
    """
    params = read_params()
    run_evaluation(
        measure_speech2face,
        inputs={
            "shards": shards,
            "encoder": encoder,
            "decoder": decoder,
            **({} if variants is None else {"variants": variants}),
        },
        out=out,
        params=params.evaluate_speech2face,
        evaluation=params.evaluation,
        features=params.compute_features,
        run=params.run,
    )


if __name__ == "__main__":
    run_command(evaluate_speech2face)
