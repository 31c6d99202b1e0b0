"""Stage train_speaker_face: face features read off a pre-trained speaker embedding."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._training import run_training
from tasks.params import read_params
from tasks.train_speaker_face import fit_speaker_face


@flow(name="train_speaker_face")
def train_speaker_face(shards: Path, out: Path) -> None:
    """Fits a ridge regression on the pairs of SHARDS, writes the encoder to OUT."""
    params = read_params().train_speaker_face
    run_training(fit_speaker_face, inputs={"shards": shards}, out=out, params=params)


if __name__ == "__main__":
    run_command(train_speaker_face)
