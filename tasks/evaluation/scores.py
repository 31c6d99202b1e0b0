"""What every metric comes with: sample count, interval, chance level, constant baseline."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Score:
    """A number and what it takes to judge it; what is missing is None and `reason` says why.

    `chance` is what knowing nothing gives, `constant` what one answer for everybody gives. Shares
    are 0 to 1. `num_missing` samples could not be measured and are not among `num_samples`.
    """

    name: str
    value: float | None
    num_samples: int
    num_people: int
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    constant: float | None = None
    published: float | None = None
    num_missing: int = 0
    reason: str = ""

    def __post_init__(self) -> None:
        for number in (self.value, self.low, self.high, self.chance, self.constant):
            assert number is None or math.isfinite(number), f"{self.name}: {number}"
        assert self.value is not None or self.reason, f"{self.name}: missing without a reason"


def make_missing(name: str, reason: str, *, num_missing: int = 0) -> Score:
    return Score(name, None, 0, 0, num_missing=num_missing, reason=reason)


def complete(
    score: Score,
    *,
    chance: float | None = None,
    constant: float | None = None,
    published: float | None = None,
) -> Score:
    """The score with its references; those that are not finite are None."""
    return replace(
        score,
        chance=drop_nan(chance),
        constant=drop_nan(constant),
        published=drop_nan(published),
    )


def drop_nan(value: float | None) -> float | None:
    """None for what is not a finite number."""
    return None if value is None or not math.isfinite(value) else float(value)


def flatten_scores(scores: Mapping[str, Score]) -> dict[str, int | float]:
    """Flat metrics for `dvc metrics`: `<key>`, `<key>_low`, `<key>_high`, `<key>_n`."""
    flat: dict[str, int | float] = {}
    for key, score in scores.items():
        values = {"": score.value, "_low": score.low, "_high": score.high}
        flat |= {key + end: value for end, value in values.items() if value is not None}
        flat[f"{key}_n"] = score.num_samples
    return flat
