"""Stage train_face_decoder: Cole's decoder, as Speech2Face uses it."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._training import run_training
from tasks.params import read_params
from tasks.train_face_decoder import fit_face_decoder


@flow(name="train_face_decoder")
def train_face_decoder(shards: Path, out: Path) -> None:
    """Trains on the pairs of SHARDS, writes the decoder to OUT."""
    params = read_params()
    run_training(
        fit_face_decoder,
        inputs={"shards": shards},
        out=out,
        params=params.train_face_decoder,
        encoder=params.compute_features,
    )


if __name__ == "__main__":
    run_command(train_face_decoder)
