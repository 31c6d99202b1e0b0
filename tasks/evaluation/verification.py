"""Same or different person? (SPEC 6.2): EER and AUC over pairs, mAP over a gallery."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import auc, roc_curve

from tasks.evaluation.bootstrap import compute_interval, make_score, renumber, score_mean
from tasks.evaluation.matching import Items, Trials
from tasks.evaluation.scores import Floats, Indices, Score, complete, make_missing
from tasks.evaluation.vectors import check_vectors, scale_to_unit

Doubles = npt.NDArray[np.float64]
ROWS_PER_BLOCK = 256
VALUES_PER_BLOCK = 1 << 22
NUM_THRESHOLDS = 2000


def score_pairs(
    same: Floats, different: Floats, *, people: Indices, seed: int = 0
) -> dict[str, Score]:
    """EER and AUC of scores [N] of same and of different persons; a trial list gives both.

    `people` [N] are the probes' persons, drawn anew with their pairs of both kinds. Raises
    ValueError for scores that are not finite.
    """
    if not len(same):
        return {name: make_missing(name, "no pairs") for name in ("EER", "AUC")}
    scores = np.concatenate([same, different]).astype(np.float64)
    if not np.isfinite(scores).all():
        raise ValueError(f"{np.count_nonzero(~np.isfinite(scores))} scores are not finite")
    labels = np.repeat([1, 0], [len(same), len(different)])
    alarms, hits, _ = roc_curve(labels, scores, drop_intermediate=False)
    values = {"EER": float(interpolate_eer(hits[None], alarms[None])[0]), "AUC": auc(alarms, hits)}
    codes = renumber(people)
    curves = _Curves(same, different, codes)
    counts = len(scores), int(codes.max()) + 1
    statistics = {"EER": interpolate_eer, "AUC": integrate}
    return {
        name: complete(
            make_score(name, float(values[name]), curves.bound(statistic, seed=seed), counts),
            chance=0.5,
            constant=0.5,
        )
        for name, statistic in statistics.items()
    }


class _Curves:
    """Hits and false alarms at up to NUM_THRESHOLDS thresholds, for weights of people [R, P].

    Fewer than all thresholds move an interval by less than their spacing, 1/2000.
    """

    def __init__(self, same: Floats, different: Floats, people: Indices) -> None:
        edges = np.unique(np.concatenate([same, different]))
        if len(edges) > NUM_THRESHOLDS:
            edges = edges[np.linspace(0, len(edges) - 1, NUM_THRESHOLDS).astype(np.intp)]
        self._counts = [
            _count_bins(np.searchsorted(edges, scores, side="right"), people, len(edges) + 1)
            for scores in (same, different)
        ]

    def bound(
        self, statistic: Callable[[Doubles, Doubles], Doubles], *, seed: int
    ) -> tuple[float, float] | None:
        """Interval over people of a statistic of hits and false alarms."""
        num_people = len(self._counts[0])
        return compute_interval(
            lambda weights: statistic(*self.draw(weights)), num_people=num_people, seed=seed
        )

    def draw(self, weights: Doubles) -> tuple[Doubles, Doubles]:
        """Shares [R, T+1] of same and of different pairs above each threshold, falling."""
        shares = []
        for counts in self._counts:
            sums = np.cumsum((weights @ counts)[:, ::-1], axis=1)  # [R, T+1]
            total = np.where(sums[:, -1:] > 0, sums[:, -1:], np.nan)
            shares.append(np.concatenate([np.zeros((len(sums), 1)), sums / total], axis=1))
        return shares[0], shares[1]


def _count_bins(bins: Indices, people: Indices, num_bins: int) -> Doubles:
    num_people = int(people.max()) + 1
    counts = np.bincount(people * num_bins + bins, minlength=num_people * num_bins)
    return counts.reshape(num_people, num_bins).astype(np.float64)  # [P, T]


def integrate(hits: Doubles, alarms: Doubles) -> Doubles:
    """Areas [R] below curves [R, T]; trapezoids, so ties count ½."""
    return np.asarray(np.trapezoid(hits, alarms, axis=1), np.float64)


def interpolate_eer(hits: Doubles, alarms: Doubles) -> Doubles:
    """[R]: where misses equal false alarms, on the straight line between thresholds [R, T]."""
    excess = alarms - (1 - hits)  # from -1 up to 1
    after = np.argmax(excess >= 0, axis=1)
    rows = np.arange(len(excess))
    low, high = excess[rows, after - 1], excess[rows, after]
    start, end = alarms[rows, after - 1], alarms[rows, after]
    eer: Doubles = start + -low / (high - low) * (end - start)
    return eer


def score_trial_pairs(
    trials: Trials, *, probes: Items, probe_vectors: Floats, candidate_vectors: Floats
) -> dict[str, Score]:
    """EER and AUC of the cosines in a trial list: probe with true, and with the first other."""
    check_vectors(probe_vectors, candidate_vectors)
    left, right = scale_to_unit(probe_vectors), scale_to_unit(candidate_vectors)
    people = np.unique(probes.people, return_inverse=True)[1]
    return score_pairs(
        _multiply_rows(left, right, trials.probes, trials.true),
        _multiply_rows(left, right, trials.probes, trials.others[:, 0]),
        people=people[trials.probes],
    )


def _multiply_rows(
    left: Floats, right: Floats, first: npt.NDArray[np.int32], second: npt.NDArray[np.int32]
) -> Floats:
    products = np.empty(len(first), np.float32)
    size = max(1, VALUES_PER_BLOCK // left.shape[1])
    for start in range(0, len(first), size):
        part = slice(start, start + size)
        products[part] = np.einsum("nd,nd->n", left[first[part]], right[second[part]])
    return products


def score_average_precision(
    probes: Floats,
    candidates: Floats,
    *,
    probe_people: Indices,
    candidate_people: Indices,
    seed: int = 0,
) -> Score:
    """mAP by cosine: every item of the probe's person is wanted, of the whole gallery [C, D].

    Probes of whose person nothing is in the gallery are missing. Chance is the mean share of
    wanted items, to which a random order comes close.
    """
    values = compute_average_precision(
        probes, candidates, probe_people=probe_people, candidate_people=candidate_people
    )
    counts = np.bincount(candidate_people, minlength=int(probe_people.max()) + 1)
    wanted = counts[probe_people][np.isfinite(values)]
    chance = float(wanted.mean() / len(candidates)) if len(wanted) else None
    score = score_mean("mAP", values, people=probe_people, seed=seed)
    return complete(score, chance=chance, constant=chance)


def compute_average_precision(
    probes: Floats, candidates: Floats, *, probe_people: Indices, candidate_people: Indices
) -> Doubles:
    """Average precision [P] of each probe; NaN where the gallery holds nothing of the person."""
    check_vectors(probes, candidates)
    left = torch.from_numpy(scale_to_unit(probes))
    right = torch.from_numpy(scale_to_unit(candidates))
    first, second = torch.from_numpy(probe_people), torch.from_numpy(candidate_people)
    places = torch.arange(1, len(right) + 1)
    parts = []
    for start in range(0, len(left), ROWS_PER_BLOCK):
        part = slice(start, start + ROWS_PER_BLOCK)
        order = (left[part] @ right.T).argsort(dim=1, descending=True, stable=True)  # [B, C]
        is_wanted = second[order] == first[part, None]
        precision = is_wanted.cumsum(dim=1) / places
        total = (precision * is_wanted).sum(dim=1, dtype=torch.float64)
        parts.append(total / is_wanted.sum(dim=1))
    values: Doubles = torch.cat(parts).numpy()
    return values
