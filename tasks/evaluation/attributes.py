"""Gender, age and ethnicity of pictures: bins, confusion, agreement (SPEC 5.3 Fig. 4, 5.6)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.evaluation.bootstrap import score_mean
from tasks.evaluation.scores import Indices, Score, complete, make_missing

GENDERS = ("m", "f")
# The classes of Face++, in its own words (S2F footnote 1).
ETHNICITIES = ("Asian", "black", "India", "white")
# Labels that mean one of S2F's four classes; the embedded corpus has MakeHuman's head types.
ETHNICITY_LABELS = {
    "white": "white",
    "non-hispanic white": "white",
    "caucasian": "white",
    "black": "black",
    "black or african american": "black",
    "african": "black",
    "asian": "Asian",
    "asian and pacific islander": "Asian",
    "indian": "India",
    "india": "India",
}
# S2F's bins are not printed: decades (chosen); the last one is open.
DECADES = (*(f"{start}–{start + 9}" for start in range(0, 70, 10)), "70+")
# SPEC 5.6 Table 6: under 35, to 65, above.
AGE_THIRDS = ("young", "mid", "elder")
PUBLISHED_GENDER_AGREEMENT = 0.94

Labels = Sequence[str | None]


@dataclass(frozen=True)
class Confusion:
    """`counts` [true][predicted] over `labels`; `num_unlabelled` samples lack one of the two."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    num_unlabelled: int

    @property
    def shares(self) -> list[list[float | None]]:
        """Rows sum to 1; None where the row is empty."""
        return [[count / sum(row) if sum(row) else None for count in row] for row in self.counts]


def map_ethnicity(label: str | None) -> str | None:
    """One of ETHNICITIES; None for any other label."""
    return ETHNICITY_LABELS.get((label or "").casefold())


def bin_by_decade(age: float | None) -> str | None:
    return None if age is None else DECADES[min(int(age // 10), len(DECADES) - 1)]


def bin_in_thirds(age: float | None) -> str | None:
    """ARS: young under 35, mid to 65, elder above."""
    if age is None:
        return None
    return AGE_THIRDS[0] if age < 35 else AGE_THIRDS[1] if age <= 65 else AGE_THIRDS[2]


def count_confusion(true: Labels, predicted: Labels, *, labels: Sequence[str]) -> Confusion:
    """Raises ValueError for a label that is not among `labels`."""
    pairs = Counter(zip(true, predicted, strict=True))
    strange = {label for pair in pairs for label in pair} - {None, *labels}
    if strange:
        raise ValueError(f"labels {sorted(map(str, strange))} are not among {list(labels)}")
    counts = tuple(tuple(pairs[first, second] for second in labels) for first in labels)
    return Confusion(tuple(labels), counts, len(true) - sum(map(sum, counts)))


def count_labels(labels: Labels, *, among: Sequence[str]) -> dict[str, int]:
    """The label histogram (Fig. 4b), in the order of `among`."""
    counts = Counter(labels)
    return {label: counts[label] for label in among}


def score_agreement(
    name: str,
    true: Labels,
    predicted: Labels,
    *,
    people: Indices,
    published: float | None = None,
    seed: int = 0,
) -> Score:
    """Share of samples with the same label; those that lack one are missing.

    Chance is agreement by labels of the same frequencies drawn at random; the constant predictor
    says the most frequent true label.
    """
    known = [
        index for index, pair in enumerate(zip(true, predicted, strict=True)) if None not in pair
    ]
    num_missing = len(true) - len(known)
    if not known:
        return make_missing(name, "no labels", num_missing=num_missing)
    agrees = np.full(len(true), np.nan)
    agrees[known] = [float(true[index] == predicted[index]) for index in known]
    first, second = (Counter(labels[index] for index in known) for labels in (true, predicted))
    return complete(
        score_mean(name, agrees, people=people, is_share=True, seed=seed),
        chance=sum(first[label] * second[label] for label in first) / len(known) ** 2,
        constant=max(first.values()) / len(known),
        published=published,
    )


def score_age(
    name: str,
    true: Sequence[float | None],
    predicted: Sequence[float | None],
    *,
    people: Indices,
    seed: int = 0,
) -> Score:
    """Mean absolute error in years; the constant predictor says the median true age."""
    left, right = (np.array(ages, np.float64) for ages in (true, predicted))
    errors = np.abs(left - right)
    known = np.isfinite(errors)
    if not known.any():
        return make_missing(name, "no ages", num_missing=len(left))
    ages, answers = left[known], right[known]
    return complete(
        score_mean(name, errors, people=people, seed=seed),
        chance=float(np.abs(ages[:, None] - answers).mean()),
        constant=float(np.abs(ages - np.median(ages)).mean()),
    )
