"""How much one run may download, counted over all its processes."""

from dataclasses import dataclass
from pathlib import Path

from tasks.outcomes import Reason
from tasks.params import BudgetParams
from tasks.records import Seconds
from tasks.remote.failures import FetchFailed
from tasks.remote.state import update_state

SECONDS_PER_HOUR = 3600.0
BYTES_PER_GIGABYTE = 1e9


@dataclass(frozen=True)
class Budget:
    """`folder` is shared by the processes of one run, fresh for each run."""

    folder: Path
    limits: BudgetParams

    @property
    def is_limited(self) -> bool:
        limits = self.limits
        return (limits.hours or limits.clips or limits.gigabytes) is not None

    @property
    def file(self) -> Path:
        """Holds {"clips", "seconds", "bytes"} spent so far."""
        return self.folder / "budget.json"


def reserve(budget: Budget, wanted_s: Seconds) -> None:
    """Takes one clip of `wanted_s` from the budget; raises FetchFailed(over_budget)."""
    if not budget.is_limited:
        return
    with update_state(budget.file) as state:
        exceeded = find_exceeded(state, budget.limits, wanted_s)
        if exceeded is not None:
            raise FetchFailed(Reason.over_budget, f"this run's download.budget.{exceeded} is spent")
        state["clips"] = state.get("clips", 0) + 1
        state["seconds"] = state.get("seconds", 0.0) + wanted_s


def find_exceeded(spent: dict[str, float], limits: BudgetParams, wanted_s: Seconds) -> str | None:
    """The key of the limit that one more clip would break; bytes are known only afterwards."""
    if limits.clips is not None and spent.get("clips", 0) + 1 > limits.clips:
        return "clips"
    seconds = spent.get("seconds", 0.0) + wanted_s
    if limits.hours is not None and seconds > limits.hours * SECONDS_PER_HOUR:
        return "hours"
    num_bytes = spent.get("bytes", 0)
    if limits.gigabytes is not None and num_bytes >= limits.gigabytes * BYTES_PER_GIGABYTE:
        return "gigabytes"
    return None


def settle(budget: Budget, *, reserved_s: Seconds, spent_s: Seconds, num_bytes: int) -> None:
    """Puts what was really fetched in the place of a reservation; nothing fetched gives it back."""
    if not budget.is_limited:
        return
    with update_state(budget.file) as state:
        state["seconds"] = state.get("seconds", 0.0) - reserved_s + spent_s
        state["bytes"] = state.get("bytes", 0) + num_bytes
        if num_bytes == 0:
            state["clips"] = state.get("clips", 1) - 1
