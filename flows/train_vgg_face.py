"""Stage train_vgg_face: VGG-Face from scratch, for corpora without its published weights."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._training import run_training
from tasks.params import read_params
from tasks.train_vgg_face import fit_vgg_face


@flow(name="train_vgg_face")
def train_vgg_face(clips: Path, faces: Path, out: Path) -> None:
    """Trains on the aligned FACES of the training people that CLIPS name, writes weights to OUT."""
    params = read_params()
    run_training(
        fit_vgg_face,
        inputs={"clips": clips, "faces": faces},
        out=out,
        params=params.train_vgg_face,
        split=params.split,
    )


if __name__ == "__main__":
    run_command(train_vgg_face)
