"""Retrieval of the true face (SPEC 5.5): ranks by L2, L1 and cosine, and three readings of R@K.

The paper's random row, K %, means a gallery of 100 and not of 5,000. So R@K is reported (a) for the
true face among 99 random others, (b) for rank ≤ K % of the gallery, (c) for rank ≤ K. Reading (a)
is the exact mean over all choices of the 99: no draw, no seed. Where there are fewer others, the
gallery is all that every query has, and the score says so.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import hypergeom
from torch import Tensor

from tasks.evaluation.bootstrap import score_mean
from tasks.evaluation.distances import DISTANCES, Distance, Measured, measure_distances
from tasks.evaluation.scores import Floats, Indices, Score, complete, make_missing
from tasks.evaluation.vectors import check_vectors

Reading = Literal["of_100", "percent", "absolute"]
READINGS: tuple[Reading, ...] = ("of_100", "percent", "absolute")
RANKS = (1, 2, 5, 10)
SMALL_GALLERY = 100
# SPEC 5.5, S2F Table 3 (%): R@1, 2, 5, 10 of the 6 s and the 3 s inputs.
PUBLISHED: Mapping[tuple[int, Distance], tuple[float, ...]] = {
    (3, "l2"): (5.86, 10.02, 18.98, 28.92),
    (3, "l1"): (6.22, 9.92, 18.94, 28.70),
    (3, "cosine"): (8.54, 13.64, 24.80, 38.54),
    (6, "l2"): (8.28, 13.66, 24.66, 35.84),
    (6, "l1"): (8.34, 13.70, 24.66, 36.22),
    (6, "cosine"): (10.92, 17.00, 30.60, 45.82),
}
# Rows of queries at once: bounds memory to a few matrices of this many rows.
QUERY_ROWS = 512


@dataclass(frozen=True)
class Ranks:
    """For each query [Q]: how many of `num_others` faces are nearer than the true one or tie."""

    num_nearer: Indices
    num_tied: Indices
    num_others: Indices


def rank_true(
    queries: Floats,
    gallery: Floats,
    *,
    distances: Sequence[Distance] = DISTANCES,
    true: Indices | None = None,
    people: tuple[Indices, Indices] | None = None,
) -> dict[Distance, Ranks]:
    """Ranks of `gallery` [G, D] row `true[i]` (default i) for each row of `queries` [Q, D].

    With `people` of queries [Q] and gallery [G], further faces of the query's own person are no
    distractors and take no part. Raises ValueError for features that do not fit.
    """
    check_vectors(queries, gallery)
    left, right = _to_tensor(queries), _to_tensor(gallery)
    index = torch.arange(len(left)) if true is None else torch.from_numpy(true)
    counts = {name: torch.zeros(3, len(left), dtype=torch.int64) for name in distances}
    for start in range(0, len(left), QUERY_ROWS):
        part = slice(start, start + QUERY_ROWS)
        is_other = _find_others(index[part], len(right), people, part)
        for name, measured in measure_distances(left[part], right, distances).items():
            counts[name][:, part] = _count(measured, index[part], is_other)
    return {name: Ranks(*parts.numpy()) for name, parts in counts.items()}


def rank_constant(
    constant: Floats,
    gallery: Floats,
    *,
    distances: Sequence[Distance] = DISTANCES,
    true: Indices | None = None,
    people: tuple[Indices, Indices] | None = None,
) -> dict[Distance, Ranks]:
    """As rank_true for a predictor that answers `constant` [D] to every query."""
    check_vectors(constant[None], gallery)
    right = _to_tensor(gallery)
    index = torch.arange(len(right)) if true is None else torch.from_numpy(true)
    rows = measure_distances(_to_tensor(constant[None]), right, distances)
    counts = {name: torch.zeros(3, len(index), dtype=torch.int64) for name in distances}
    for start in range(0, len(index), QUERY_ROWS):
        part = slice(start, start + QUERY_ROWS)
        is_other = _find_others(index[part], len(right), people, part)
        for name, row in rows.items():
            repeated = Measured(row.matrix.expand(len(is_other), -1), row.margin)
            counts[name][:, part] = _count(repeated, index[part], is_other)
    return {name: Ranks(*parts.numpy()) for name, parts in counts.items()}


def _to_tensor(vectors: Floats) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(vectors, np.float32))


def _find_others(
    index: Tensor, num_faces: int, people: tuple[Indices, Indices] | None, part: slice
) -> Tensor:
    """Which faces distract each query of a block: bool [B, G]."""
    is_own = index[:, None] == torch.arange(num_faces)
    if people is not None:
        of_queries, of_gallery = (torch.from_numpy(codes) for codes in people)
        is_own |= of_queries[part, None] == of_gallery
    return ~is_own


def _count(measured: Measured, index: Tensor, is_other: Tensor) -> Tensor:
    """Nearer, tied and all other faces [3, B] for distances [B, G]."""
    here = measured.matrix.gather(1, index[:, None])
    is_nearer = (measured.matrix < here - measured.margin) & is_other
    is_within = (measured.matrix <= here + measured.margin) & is_other
    nearer, within = is_nearer.sum(dim=1), is_within.sum(dim=1)
    return torch.stack([nearer, within - nearer, is_other.sum(dim=1)])


def score_recalls(
    ranks: Ranks,
    *,
    people: Indices,
    constant: Ranks | None = None,
    published: Sequence[float] | None = None,
    seed: int = 0,
) -> dict[tuple[Reading, int], Score]:
    """R@K of every reading and K, shares; `people` [Q] are the queries'. `published` in percent."""
    scores: dict[tuple[Reading, int], Score] = {}
    for reading in READINGS:
        for place, rank in enumerate(RANKS):
            name = f"R@{rank} {reading}"
            hits = compute_hits(ranks, reading=reading, rank=rank)
            if hits is None:
                reason = "no other faces to choose from"
                scores[reading, rank] = make_missing(name, reason, num_missing=len(people))
                continue
            base = None if constant is None else compute_hits(constant, reading=reading, rank=rank)
            score = complete(
                score_mean(name, hits, people=people, is_share=True, seed=seed),
                chance=_compute_chance(ranks, reading=reading, rank=rank),
                constant=None if base is None else float(base.mean()),
                published=None if published is None else published[place] / 100,
            )
            scores[reading, rank] = _name_gallery(score, count_gallery(ranks), reading)
    return scores


def count_gallery(ranks: Ranks) -> int:
    """Faces in the small gallery: 100, or as many as every query has."""
    return min(SMALL_GALLERY, 1 + int(ranks.num_others.min(initial=SMALL_GALLERY)))


def _name_gallery(score: Score, size: int, reading: Reading) -> Score:
    if reading != "of_100" or size == SMALL_GALLERY:
        return score
    words = f"a gallery of {size}: there are no more faces"
    return replace(score, reason=f"{score.reason}; {words}" if score.reason else words)


def compute_hits(ranks: Ranks, *, reading: Reading, rank: int) -> Floats | None:
    """Probability [Q] that the true face is among the first, over the order of ties and, for
    `of_100`, over all choices of distractors; None where somebody has no other face."""
    if not len(ranks.num_others) or not ranks.num_others.min():
        return None
    size = count_gallery(ranks)
    hits = np.empty(len(ranks.num_nearer))
    for num_others in np.unique(ranks.num_others):
        table = tabulate_hits(int(num_others), reading=reading, rank=rank, size=size)
        sums = np.concatenate([[0.0], np.cumsum(table)])
        here = ranks.num_others == num_others
        low, ties = ranks.num_nearer[here], ranks.num_tied[here]
        hits[here] = (sums[low + ties + 1] - sums[low]) / (ties + 1)
    return hits


@functools.lru_cache(maxsize=128)
def tabulate_hits(
    num_others: int, *, reading: Reading, rank: int, size: int = SMALL_GALLERY
) -> npt.NDArray[np.float64]:
    """Probability of a hit by the number of nearer faces, 0 … `num_others`; `size` is that of the
    small gallery."""
    nearer = np.arange(num_others + 1)
    if reading == "of_100":
        drawn: npt.NDArray[np.float64] = hypergeom.cdf(rank - 1, num_others, nearer, size - 1)
        return drawn
    limit = rank if reading == "absolute" else rank / 100 * (num_others + 1)
    return (nearer + 1 <= limit + 1e-9).astype(np.float64)


def _compute_chance(ranks: Ranks, *, reading: Reading, rank: int) -> float:
    """Mean over queries of a true face that is anywhere with the same probability."""
    sizes, counts = np.unique(ranks.num_others, return_counts=True)
    tables = [
        tabulate_hits(int(number), reading=reading, rank=rank, size=count_gallery(ranks))
        for number in sizes
    ]
    return float(np.average([table.mean() for table in tables], weights=counts))
