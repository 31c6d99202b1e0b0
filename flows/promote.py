"""A trained network goes live, or it is said why not: `python -m flows.promote NETWORK`."""

from prefect import flow

from flows._command import run_command
from flows._notices import notify, notify_failure
from flows._process import lock_stage
from flows._releases import judge, promote
from tasks.retraining.comparison import Decision
from tasks.retraining.releases import Network


@flow(name="promote", on_failure=[notify_failure], on_crashed=[notify_failure])
def promote_network(network: Network, anyway: str = "") -> None:
    """Judges NETWORK as it was trained last; ANYWAY, a person's reason, lets it live."""
    with lock_stage("live"):
        decision = Decision(True, f"by hand: {anyway}") if anyway else judge(network)
        if decision.promote:
            release = promote(network, decision)
            notify("promoted", f"{release.tag} is live: {decision.reason}")
        else:
            notify("kept", f"{network}: {decision.reason}")


if __name__ == "__main__":
    run_command(promote_network)
