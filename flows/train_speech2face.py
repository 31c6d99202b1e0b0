"""Stage train_speech2face: the voice encoder of Speech2Face."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._training import run_training
from tasks.params import Speech2FaceVariant, change_variant, read_params
from tasks.train_speech2face import fit_speech2face


@flow(name="train_speech2face")
def train_speech2face(
    shards: Path, decoder: Path, out: Path, variant: Speech2FaceVariant | None = None
) -> None:
    """Trains on the pairs of SHARDS with the face DECODER, writes the encoder to OUT.

    VARIANT is one of the paper's ablations, by default none.
    """
    params = read_params()
    run_training(
        fit_speech2face,
        inputs={"shards": shards, "decoder": decoder},
        out=out,
        options=() if variant is None else ("--variant", variant),
        params=change_variant(params.train_speech2face, variant),
        encoder=params.compute_features,
    )


if __name__ == "__main__":
    run_command(train_speech2face)
