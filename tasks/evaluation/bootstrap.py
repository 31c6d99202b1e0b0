"""95 % intervals by bootstrap over people: who speaks is drawn anew, with all that is theirs.

Trials of one person are not independent, so drawing trials would give intervals that are far too
narrow (SPEC 5.2). Everything here is a weighted sum over people, so a thousand draws are one
matrix product.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.stats import beta

from tasks.evaluation.scores import Floats, Indices, Score, make_missing

NUM_DRAWS = 1000
LEVEL = 0.95
BLOCK_VALUES = 1 << 22
MIN_PEOPLE = 2

Doubles = npt.NDArray[np.float64]
# [R, P] weights to [R] values, NaN where a draw has none.
Statistic = Callable[[Doubles], Doubles]


def encode_people(people: Sequence[str] | npt.NDArray[np.str_]) -> Indices:
    """Numbers 0 … P-1 for names, [N]."""
    return renumber(np.asarray(people))


def renumber(people: npt.NDArray[np.generic]) -> Indices:
    """The same persons as 0 … P-1 without gaps, [N]."""
    codes: Indices = np.unique(people, return_inverse=True)[1]
    return codes


def draw_weights(
    num_people: int, *, num_draws: int = NUM_DRAWS, seed: int = 0
) -> Iterator[Doubles]:
    """How often each person is drawn, in blocks [R, P]; each row sums to P."""
    generator = np.random.default_rng(seed)
    size = max(1, BLOCK_VALUES // num_people)
    for start in range(0, num_draws, size):
        num_rows = min(size, num_draws - start)
        drawn = generator.integers(num_people, size=(num_rows, num_people))
        drawn += np.arange(num_rows)[:, None] * num_people
        counts = np.bincount(drawn.ravel(), minlength=num_rows * num_people)
        yield counts.reshape(num_rows, num_people).astype(np.float64)  # [R, P]


def compute_interval(
    statistic: Statistic, *, num_people: int, num_draws: int = NUM_DRAWS, seed: int = 0
) -> tuple[float, float] | None:
    """Percentile interval; None for one person, or if half the draws or more have no value."""
    if num_people < MIN_PEOPLE:
        return None
    blocks = draw_weights(num_people, num_draws=num_draws, seed=seed)
    values = np.concatenate([statistic(weights) for weights in blocks])  # [R]
    values = values[np.isfinite(values)]
    if len(values) <= num_draws // 2:
        return None
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def sum_by_person(values: Floats, people: Indices) -> Doubles:
    """Sums [P] or [P, K] of values [N] or [N, K], in float64."""
    num_people = int(people.max()) + 1 if len(people) else 0
    columns = values.reshape(len(values), -1)  # [N, K]
    sums = [np.bincount(people, column, num_people).astype(np.float64) for column in columns.T]
    return np.stack(sums, axis=-1).reshape(num_people, *values.shape[1:])  # [P, K]


def score_mean(
    name: str,
    values: Floats,
    *,
    people: Indices,
    is_share: bool = False,
    num_draws: int = NUM_DRAWS,
    seed: int = 0,
) -> Score:
    """Mean of `values` [N] with its interval; NaN values are left out and counted as missing.

    A share of exactly 0 or 1 has no spread to draw from: its interval is Clopper and Pearson's for
    as many trials as there are people.
    """
    known = np.isfinite(values)
    num_missing = int(np.count_nonzero(~known))
    if not known.any():
        return make_missing(name, "no sample to measure", num_missing=num_missing)
    values, people = values[known], renumber(people[known])
    sums, counts = sum_by_person(values, people), np.bincount(people)
    value, num_people = float(sums.sum() / len(values)), len(counts)
    interval: tuple[float, float] | None
    if is_share and value in (0.0, 1.0):
        interval = bound_share(value, num_people)
    else:
        interval = compute_interval(
            lambda weights: (weights @ sums) / (weights @ counts),
            num_people=num_people,
            num_draws=num_draws,
            seed=seed,
        )
    return make_score(name, value, interval, (len(values), num_people), num_missing=num_missing)


def make_score(
    name: str,
    value: float,
    interval: tuple[float, float] | None,
    counts: tuple[int, int],
    *,
    num_missing: int = 0,
) -> Score:
    """`counts` are samples and people."""
    low, high = interval or (None, None)
    reason = "" if interval else f"no interval: {counts[1]} people"
    return Score(name, value, *counts, low, high, num_missing=num_missing, reason=reason)


def bound_share(share: float, num_people: int) -> tuple[float, float]:
    """Clopper and Pearson's interval where none or all of `num_people` succeed."""
    edge = float(beta.ppf((1 - LEVEL) / 2, num_people, 1))
    return (edge, 1.0) if share == 1.0 else (0.0, 1 - edge)


def score_pair_mean(
    name: str,
    values: Floats,
    *,
    first: Indices,
    second: Indices,
    num_draws: int = NUM_DRAWS,
    seed: int = 0,
) -> Score:
    """Mean of trials [N] between persons `first` and `second` [N] (one numbering for both).

    A trial counts as often as both its persons are drawn (Owen 2007, "pigeonhole bootstrap").
    """
    if not len(values):
        return make_missing(name, "no trials")
    present, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    cells = codes[: len(first)], codes[len(first) :]
    shape = (len(present), len(present))
    sums = sparse.coo_array((values.astype(np.float64), cells), shape=shape).tocsr()
    counts = sparse.coo_array((np.ones(len(values)), cells), shape=shape).tocsr()

    def compute_mean(weights: Doubles) -> Doubles:
        total, number = (((weights @ part) * weights).sum(axis=1) for part in (sums, counts))
        means: Doubles = np.divide(
            total, number, out=np.full(len(weights), np.nan), where=number > 0
        )
        return means

    interval = compute_interval(
        compute_mean, num_people=len(present), num_draws=num_draws, seed=seed
    )
    value = float(values.mean(dtype=np.float64))
    return make_score(name, value, interval, (len(values), len(np.unique(first))))
