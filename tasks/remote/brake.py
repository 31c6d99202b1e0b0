"""Stops the whole stage, in all its processes, when a server has had enough of us."""

import logging
from dataclasses import dataclass
from pathlib import Path

from tasks.outcomes import Reason
from tasks.remote.failures import FetchFailed
from tasks.remote.state import read_state, update_state

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Brake:
    """`folder` is shared by the processes of one run, fresh for each run."""

    folder: Path
    num_rate_limits: int

    @property
    def marker(self) -> Path:
        """Holds {"rate_limits": consecutive 429s, "cause": why the stage is paused}."""
        return self.folder / "brake.json"


def check_brake(brake: Brake) -> None:
    """Raises FetchFailed(paused) once the brake is pulled."""
    cause = read_cause(brake)
    if cause is not None:
        raise FetchFailed(Reason.paused, f"the stage is paused: {cause}")


def read_cause(brake: Brake) -> str | None:
    """Why the stage is paused; None while it is not."""
    cause = read_state(brake.marker).get("cause")
    return None if cause is None else str(cause)


def note_failure(brake: Brake, failure: FetchFailed) -> None:
    """A bot check pulls the brake; so do `num_rate_limits` rate limits with no success between."""
    if failure.reason not in (Reason.bot_check, Reason.rate_limited):
        return
    with update_state(brake.marker) as state:
        if failure.reason is Reason.rate_limited:
            state["rate_limits"] = state.get("rate_limits", 0) + 1
        if "cause" in state or (
            failure.reason is Reason.rate_limited and state["rate_limits"] < brake.num_rate_limits
        ):
            return
        wave = f" ({state['rate_limits']} times)" if failure.reason is Reason.rate_limited else ""
        state["cause"] = f"{failure}{wave}"
    LOG.warning("downloads are paused: %s", failure)


def note_success(brake: Brake) -> None:
    """Ends a row of rate limits; a pulled brake stays pulled."""
    if read_state(brake.marker).get("rate_limits"):
        with update_state(brake.marker) as state:
            state["rate_limits"] = 0
