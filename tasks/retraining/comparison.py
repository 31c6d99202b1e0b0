"""Champion and challenger on the same test people, by a paired bootstrap over people."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.evaluation.bootstrap import encode_people, score_mean
from tasks.evaluation.scores import Score
from tasks.evaluation.store import (
    GUARDED,
    get_headline,
    read_lines,
    read_samples,
    select_lines,
)

# Of these less is better; of any other metric more is.
LESS = r"(?<![a-z])(distance|angle|error|loss|rank|eer|fid|l1|l2)(?![a-z])"
LOWER = re.compile(LESS, re.IGNORECASE)
KEYS = ["metric", "sample_id", "person"]
Role = Literal["headline", "guarded"]


@dataclass(frozen=True)
class Comparison:
    """One metric of both on the samples both have; `gain` is positive where the challenger is
    better, with its interval."""

    metric: str
    role: Role
    champion: float
    challenger: float
    gain: Score

    @property
    def is_better(self) -> bool:
        return self.gain.low is not None and self.gain.low > 0

    @property
    def is_worse(self) -> bool:
        return self.gain.high is not None and self.gain.high < 0

    def __str__(self) -> str:
        gain = self.gain
        interval = (
            "" if gain.low is None else f" (95 % interval {gain.low:+.4f} to {gain.high:+.4f})"
        )
        return (
            f"{self.metric} {self.champion:.4f} → {self.challenger:.4f}, gain {gain.value:+.4f}"
            f"{interval} on {gain.num_people} people"
        )


@dataclass(frozen=True)
class Decision:
    """Whether the challenger goes live, and why."""

    promote: bool
    reason: str
    comparisons: tuple[Comparison, ...] = ()


def is_lower_better(metric: str) -> bool:
    return LOWER.search(metric) is not None


def decide_first(folder: Path) -> Decision:
    """Without a champion: the headline's interval must lie beyond its chance level and what one
    answer for everybody gives."""
    score = get_headline(read_lines(folder)).score
    references = {"chance": score.chance, "a constant answer": score.constant}
    known = {name: value for name, value in references.items() if value is not None}
    sign = -1 if is_lower_better(score.name) else 1
    edge = score.high if sign < 0 else score.low
    if score.value is None or edge is None or not known:
        reason = score.reason or "neither chance nor a constant answer is known"
        return Decision(False, f"{score.name} cannot be judged: {reason}")
    missed = [name for name, value in known.items() if sign * (edge - value) <= 0]
    words = ", ".join(f"{name} {value:.4f}" for name, value in known.items())
    found = f"{score.name} {score.value:.4f} ({score.low:.4f} to {score.high:.4f}); {words}"
    if missed:
        return Decision(False, f"the first model does not beat {' and '.join(missed)}: {found}")
    return Decision(True, f"the first model beats {' and '.join(known)}: {found}")


def decide(champion: Path, challenger: Path) -> Decision:
    """By both models' evaluations: better beyond the interval on the headline metric, and worse
    beyond it on none that is guarded. ValueError if they have no sample in common."""
    comparisons = tuple(compare(champion, challenger))
    headline = next(item for item in comparisons if item.role == "headline")
    if not headline.is_better:
        return Decision(False, f"not better beyond the interval: {headline}", comparisons)
    if worse := [item for item in comparisons if item.role == "guarded" and item.is_worse]:
        return Decision(False, f"worse on what is guarded: {worse[0]}", comparisons)
    return Decision(True, f"better beyond the interval: {headline}", comparisons)


def compare(champion: Path, challenger: Path) -> Iterator[Comparison]:
    """The headline first, then what is guarded."""
    lines = read_lines(challenger)
    old = read_samples(champion)
    known = set(pc.unique(old["metric"]).to_pylist())
    joined = _join(old, read_samples(challenger))
    yield _compare(joined, get_headline(lines).score.name, role="headline")
    for line in select_lines(lines, GUARDED):
        if line.score.value is None and line.score.name not in known:
            continue  # it can be measured for neither
        yield _compare(joined, line.score.name, role="guarded")


def _join(champion: pa.Table, challenger: pa.Table) -> pa.Table:
    """Samples that both models were scored on, in one order."""
    old = champion.rename_columns([*KEYS, "champion"])
    new = challenger.rename_columns([*KEYS, "challenger"])
    joined = old.join(new, keys=KEYS, join_type="inner", use_threads=False)
    return joined.sort_by([(name, "ascending") for name in KEYS])


def _compare(joined: pa.Table, metric: str, *, role: Role) -> Comparison:
    part = joined.filter(pc.equal(joined["metric"], metric))
    if not len(part):
        raise ValueError(f"{metric}: champion and challenger have no test sample in common")
    old, new = (part[name].to_numpy() for name in ("champion", "challenger"))
    gains = (old - new) if is_lower_better(metric) else (new - old)
    people: Sequence[str] = part["person"].to_pylist()
    gain = score_mean(metric, gains, people=encode_people(people))
    return Comparison(metric, role, float(np.mean(old)), float(np.mean(new)), gain)
