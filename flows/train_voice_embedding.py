"""Stage train_voice_embedding: WEN's voice embedding, pre-trained on speaker recognition."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._training import run_training
from tasks.params import read_params
from tasks.train_voice_embedding import fit_voice_embedding


@flow(name="train_voice_embedding")
def train_voice_embedding(shards: Path, out: Path) -> None:
    """Trains on the voices of SHARDS, writes the network to OUT."""
    run_training(
        fit_voice_embedding,
        inputs={"shards": shards},
        out=out,
        params=read_params().train_voice_embedding,
    )


if __name__ == "__main__":
    run_command(train_voice_embedding)
