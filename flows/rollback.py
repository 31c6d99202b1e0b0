"""An earlier version goes live again: `python -m flows.rollback NETWORK [--tag TAG]`."""

import logging

from prefect import flow

from flows._command import run_command
from flows._git import list_tags
from flows._notices import notify, notify_failure
from flows._process import lock_stage
from flows._releases import list_gone, restore
from tasks.retraining.releases import Network, read_release

logger = logging.getLogger("flows.rollback")
MAX_SHOWN = 10


@flow(name="rollback", on_failure=[notify_failure], on_crashed=[notify_failure])
def rollback(network: Network, tag: str = "") -> None:
    """Restores weights and reports of NETWORK's version before the live one, or of TAG."""
    with lock_stage("live"):
        wanted = tag or find_previous(network)
        release = restore(network, wanted)
    gone = sorted(list_gone(wanted))
    for name in gone[:MAX_SHOWN]:
        logger.warning("data of %s that are gone: %s", wanted, name)
    message = f"{release.tag} is live again; {len(gone)} data files of that version are gone"
    logger.info("%s", message)
    notify("rolled-back", message)


def find_previous(network: str) -> str:
    """The last version before the live one that was not rolled back."""
    live, tags = read_release(network), list_tags(f"{network}@*")
    if live is None or live.tag not in tags:
        raise ValueError(f"{network}: nothing that is live has a tag; versions: {tags}")
    before = [tag for tag in tags[: tags.index(live.tag)] if tag not in live.withdrawn]
    if not before:
        raise ValueError(f"{network}: no version before {live.tag}")
    return before[-1]


if __name__ == "__main__":
    run_command(rollback)
