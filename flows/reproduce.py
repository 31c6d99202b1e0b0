"""The chain reproduce: every stage there is, those of variants/dvc.yaml too."""

from prefect import flow

from flows._chain import run_chain
from flows._command import run_command
from flows._notices import notify_failure


@flow(name="reproduce", on_failure=[notify_failure], on_crashed=[notify_failure])
def reproduce() -> None:
    """Makes again whatever is stale of all networks, variants and ablations, and all reports."""
    run_chain()


if __name__ == "__main__":
    run_command(reproduce)
