"""Stage train_svhf: SVHF, two streams for the two candidates and one for the probe."""

from pathlib import Path
from typing import Literal

from prefect import flow

from flows._command import run_command
from flows._training import run_training
from tasks.params import read_params
from tasks.train_svhf import fit_svhf


@flow(name="train_svhf")
def train_svhf(
    shards: Path,
    out: Path,
    probe: Literal["voice", "face"] = "voice",
    pairs: Path | None = None,
) -> None:
    """Trains on SVHF's SHARDS to find the face of a voice, or the voice of a face (PROBE); PAIRS,
    as data/shards/pairs/train, are what a start from teachers learns from."""
    run_training(
        fit_svhf,
        inputs={"shards": shards},
        out=out,
        options=["--probe", probe, *(["--pairs", str(pairs)] if pairs else [])],
        probe=probe,
        params=read_params().train_svhf,
        pairs=pairs,
    )


if __name__ == "__main__":
    run_command(train_svhf)
