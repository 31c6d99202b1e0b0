"""The chain evaluate: a report on one network, or all of them, and whatever is stale before."""

from typing import Literal

from prefect import flow

from flows._chain import run_chain
from flows._command import run_command
from flows._notices import notify_failure

LAST_STAGES = {
    "voice2face": "report_voice2face",
    "speech2face": "report_speech2face",
    "ar_spm": "report_ar_spm",
    "matching": "report_matching",
    "all": "report_index",
}


@flow(name="evaluate", on_failure=[notify_failure], on_crashed=[notify_failure])
def evaluate(network: Literal["voice2face", "speech2face", "ar_spm", "matching", "all"]) -> None:
    """Makes again whatever is stale of the report on NETWORK: voice2face, speech2face, ar_spm,
    matching (the baselines beside Wen et al.) or all."""
    if network not in LAST_STAGES:
        raise ValueError(f"network must be one of {', '.join(LAST_STAGES)}; got {network!r}")
    run_chain(LAST_STAGES[network])


if __name__ == "__main__":
    run_command(evaluate)
