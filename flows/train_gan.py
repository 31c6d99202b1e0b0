"""Stage train_gan: WEN's generator and its judges."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._training import run_training
from tasks.params import read_params
from tasks.train_gan import fit_gan


@flow(name="train_gan")
def train_gan(shards: Path, embedding: Path, out: Path) -> None:
    """Trains on SHARDS with the voice EMBEDDING, writes the networks to OUT."""
    params = read_params()
    run_training(
        fit_gan,
        inputs={"shards": shards, "embedding": embedding},
        out=out,
        params=params.train_gan,
        voice_params=params.train_voice_embedding,
    )


if __name__ == "__main__":
    run_command(train_gan)
