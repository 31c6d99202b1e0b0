"""The chain train: the networks of one paper, and whatever they are made from that is stale."""

from typing import Literal

from prefect import flow

from flows._chain import run_chain
from flows._command import run_command
from flows._notices import notify_failure

LAST_STAGES = {
    "voice2face": "train_gan",
    "speech2face": "train_speech2face",
    "ar_spm": "train_ar_spm",
    "svhf": "train_svhf",
    "dimnet_i": "train_dimnet_i",
    "dimnet_g": "train_dimnet_g",
}


@flow(name="train", on_failure=[notify_failure], on_crashed=[notify_failure])
def train(
    network: Literal["voice2face", "speech2face", "ar_spm", "svhf", "dimnet_i", "dimnet_g"],
) -> None:
    """Makes again whatever of NETWORK is stale: voice2face, speech2face, ar_spm, or one of the
    baselines svhf, dimnet_i and dimnet_g."""
    if network not in LAST_STAGES:
        raise ValueError(f"network must be one of {', '.join(LAST_STAGES)}; got {network!r}")
    run_chain(LAST_STAGES[network])


if __name__ == "__main__":
    run_command(train)
