"""Stages train_dimnet_*: DIMNet, one stage a variant."""

from pathlib import Path
from typing import Literal

from prefect import flow

from flows._command import run_command
from flows._training import run_training
from tasks.params import read_params
from tasks.train_dimnet import fit_dimnet


@flow(name="train_dimnet")
def train_dimnet(
    shards: Path, out: Path, variant: Literal["I", "G", "N", "IG", "IN", "GN", "IGN"] = "I"
) -> None:
    """Trains DIMNet-VARIANT on voices and faces of SHARDS, writes it to OUT."""
    run_training(
        fit_dimnet,
        inputs={"shards": shards},
        out=out,
        variant=variant,
        params=read_params().train_dimnet,
    )


if __name__ == "__main__":
    run_command(train_dimnet)
