"""Any metric by gender, age group, ethnicity, nationality, with counts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tasks.evaluation.scores import Indices, Score

# With fewer people an interval over people says little (chosen).
MIN_PEOPLE = 20
UNKNOWN = "unknown"


@dataclass(frozen=True)
class GroupScore:
    """`warning` is empty where the group is large enough to say something."""

    attribute: str
    group: str
    score: Score
    warning: str


def score_groups(
    compute: Callable[[Indices], Score], groups: Mapping[str, Sequence[str | None]]
) -> list[GroupScore]:
    """`compute` gets the samples' indices; `groups` gives each sample's group by attribute.

    Attributes that nobody's is known of are left out.
    """
    return [
        _score_group(compute, attribute, name, labels)
        for attribute, labels in groups.items()
        for name in list_groups(labels)
    ]


def list_groups(labels: Sequence[str | None]) -> list[str]:
    """In order of name, unknown last; none if all are unknown."""
    known = sorted({label for label in labels if label is not None})
    return [*known, *([UNKNOWN] if known and None in labels else [])]


def _score_group(
    compute: Callable[[Indices], Score],
    attribute: str,
    group: str,
    labels: Sequence[str | None],
) -> GroupScore:
    is_in = [(UNKNOWN if label is None else label) == group for label in labels]
    score = compute(np.flatnonzero(is_in))
    warning = "" if score.num_people >= MIN_PEOPLE else f"too few to say: {score.num_people} people"
    return GroupScore(attribute, group, score, warning)
