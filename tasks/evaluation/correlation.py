"""Pearson's r with its p-value, interval over people and shuffled baseline."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from tasks.evaluation.bootstrap import (
    compute_interval,
    make_score,
    renumber,
    sum_by_person,
)
from tasks.evaluation.pairing import shuffle
from tasks.evaluation.scores import Floats, Indices, Score, complete, make_missing

Doubles = npt.NDArray[np.float64]
MIN_SAMPLES = 3


@dataclass(frozen=True)
class Correlation:
    """`p_value` is two-sided, for no correlation and independent samples; `shuffled` is r over
    other people's pairs. Both None where r is."""

    score: Score
    p_value: float | None
    shuffled: float | None


def correlate(
    name: str,
    first: Floats,
    second: Floats,
    *,
    people: Indices,
    published: float | None = None,
    seed: int = 0,
) -> Correlation:
    """Of two measures [N] of the same samples; NaN in either is left out and counted.

    Chance is 0. A constant predictor has no correlation, so there is none to state.
    """
    known = np.isfinite(first) & np.isfinite(second)
    num_missing = int(np.count_nonzero(~known))
    left, right = first[known].astype(np.float64), second[known].astype(np.float64)
    if len(left) < MIN_SAMPLES:
        reason = f"{len(left)} pairs measured, {MIN_SAMPLES} are needed"
        return Correlation(make_missing(name, reason, num_missing=num_missing), None, None)
    if np.ptp(left) == 0 or np.ptp(right) == 0:
        reason = "no correlation: one side is the same everywhere"
        return Correlation(make_missing(name, reason, num_missing=num_missing), None, None)
    result = stats.pearsonr(left, right)
    codes = renumber(people[known])
    interval = bootstrap_correlation(left, right, people=codes, seed=seed)
    counts = len(left), int(codes.max()) + 1
    score = make_score(name, float(result.statistic), interval, counts, num_missing=num_missing)
    return Correlation(
        complete(score, chance=0.0, published=published),
        float(result.pvalue),
        float(np.corrcoef(left, right[shuffle(codes, seed=seed)])[0, 1]),
    )


def compare_with_published(found: Correlation, *, num_published: int) -> float | None:
    """Two-sided p-value of no difference from the published r of `num_published` independent pairs,
    by Fisher's z; None where there is nothing to compare."""
    score = found.score
    if score.value is None or score.published is None or score.num_samples <= MIN_SAMPLES:
        return None
    variance = 1 / (score.num_samples - 3) + 1 / (num_published - 3)
    z = (np.arctanh(score.value) - np.arctanh(score.published)) / np.sqrt(variance)
    return float(2 * stats.norm.sf(abs(z)))


def bootstrap_correlation(
    first: Doubles, second: Doubles, *, people: Indices, seed: int = 0
) -> tuple[float, float] | None:
    """Interval of r from weighted moments by person."""
    x, y = first - first.mean(), second - second.mean()
    moments = np.stack([np.ones(len(x)), x, y, x * x, y * y, x * y], axis=1)  # [N, 6]
    sums = sum_by_person(moments, people)  # [P, 6]

    def compute_r(weights: Doubles) -> Doubles:
        n, sx, sy, sxx, syy, sxy = (weights @ sums).T
        spread = (sxx - sx * sx / n) * (syy - sy * sy / n)
        covariance = sxy - sx * sy / n
        r: Doubles = np.divide(
            covariance, np.sqrt(spread.clip(0)), out=np.full(len(n), np.nan), where=spread > 0
        )
        return r

    return compute_interval(compute_r, num_people=len(sums), seed=seed)
