"""Same or different person? (SPEC 6.2): EER and AUC over pairs, mAP over a gallery."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import roc_auc_score

from tasks.evaluation.bootstrap import compute_interval, make_score, renumber, score_mean
from tasks.evaluation.matching import Items, Trials
from tasks.evaluation.scores import Floats, Indices, Score, complete, make_missing
from tasks.evaluation.vectors import check_vectors, scale_to_unit

Doubles = npt.NDArray[np.float64]
ROWS_PER_BLOCK = 256
VALUES_PER_BLOCK = 1 << 22


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
    labels = np.repeat([1.0, 0.0], [len(same), len(different)])
    codes = renumber(people)
    num_people = int(codes.max()) + 1
    curve = _Curve(scores, labels, np.concatenate([codes, codes]))
    everybody = np.ones((1, num_people))
    values = {"EER": float(curve.compute_eer(everybody)[0]), "AUC": roc_auc_score(labels, scores)}
    statistics = {"EER": curve.compute_eer, "AUC": curve.compute_auc}
    return {
        name: complete(
            make_score(
                name,
                float(values[name]),
                _bound(statistic, num_people, len(scores), seed=seed),
                (len(scores), num_people),
            ),
            chance=0.5,
            constant=0.5,
        )
        for name, statistic in statistics.items()
    }


def _bound(
    statistic: Callable[[Doubles], Doubles], num_people: int, num_scores: int, *, seed: int
) -> tuple[float, float] | None:
    """Memory stays bounded: a few rows of weights by all scores at once."""
    size = max(1, VALUES_PER_BLOCK // num_scores)

    def compute(weights: Doubles) -> Doubles:
        parts = range(0, len(weights), size)
        return np.concatenate([statistic(weights[start : start + size]) for start in parts])

    return compute_interval(compute, num_people=num_people, seed=seed)


class _Curve:
    """False accepts and misses at every threshold, by weights of people [R, P]."""

    def __init__(self, scores: Doubles, labels: Doubles, people: Indices) -> None:
        order = np.argsort(-scores, kind="stable")
        ordered = scores[order]
        self._labels, self._people = labels[order], people[order]
        # The last of each run of equal scores: ties are accepted together.
        self._ends = np.flatnonzero(np.append(np.diff(ordered) != 0, True))

    def _accept(self, weights: Doubles) -> tuple[Doubles, Doubles]:
        """Shares [R, T+1] of same and of different pairs at or above each threshold."""
        drawn = weights[:, self._people]  # [R, N]
        shares = []
        for label in (1.0, 0.0):
            sums = np.cumsum(drawn * (self._labels == label), axis=1)
            total = np.where(sums[:, -1:] > 0, sums[:, -1:], np.nan)
            share = sums[:, self._ends] / total  # [R, T]
            shares.append(np.concatenate([np.zeros((len(share), 1)), share], axis=1))
        return shares[0], shares[1]

    def compute_auc(self, weights: Doubles) -> Doubles:
        """[R]; trapezoids, so ties count ½."""
        hits, alarms = self._accept(weights)
        return np.asarray(np.trapezoid(hits, alarms, axis=1), np.float64)

    def compute_eer(self, weights: Doubles) -> Doubles:
        """[R]: where misses equal false alarms, on the straight line between thresholds."""
        hits, alarms = self._accept(weights)
        excess = alarms - (1 - hits)  # from -1 up to 1
        after = np.argmax(excess >= 0, axis=1)
        rows = np.arange(len(excess))
        low, high = excess[rows, after - 1], excess[rows, after]
        step = -low / (high - low)
        eer: Doubles = alarms[rows, after - 1] + step * (
            alarms[rows, after] - alarms[rows, after - 1]
        )
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
