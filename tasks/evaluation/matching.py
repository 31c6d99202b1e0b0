"""1:N matching (SPEC 5.2, 6.2): seeded lists of trials, scored in blocks.

A trial is a probe of person A, a candidate of A, and candidates of other people. For V→F probes
are voices and candidates faces; for F→V the other way round.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.evaluation.bootstrap import score_pair_mean
from tasks.evaluation.scores import Floats, Indices, Score, complete, make_missing
from tasks.evaluation.vectors import check_vectors, scale_to_unit

# 21,850 × 108 = 2,359,800, near the published 2,353,560 (SPEC 5.2, ambiguity 8: chosen).
TRIALS_PER_PROBE = 108
# Values gathered at once: a block's rows stay in a core's cache.
BLOCK_VALUES = 1 << 19
MAX_REDRAWS = 10_000

Names = Sequence[str | None]


@dataclass(frozen=True)
class Items:
    """What is compared: names and persons, one an item."""

    names: Sequence[str]
    people: Sequence[str]


@dataclass(frozen=True)
class Trials:
    """Indices of probes and candidates: `probes` [N], `true` [N], `others` [N, M].

    `left_out` counts probes of which no trial can be made, by reason.
    """

    probes: npt.NDArray[np.int32]
    true: npt.NDArray[np.int32]
    others: npt.NDArray[np.int32]
    left_out: dict[str, int]

    def __len__(self) -> int:
        return len(self.probes)

    @property
    def chance(self) -> float:
        return 1.0 / (1 + int(self.others.shape[1]))


@dataclass(frozen=True)
class _Pool:
    """`items` grouped by person (`starts`, `counts`), persons grouped by stratum (`by_stratum`).

    Of each person's stratum: where it begins (`first`), how many it has (`size`), and the person's
    `place` in it. Persons without candidates or of unknown stratum are in none.
    """

    items: Indices
    starts: Indices
    counts: Indices
    by_stratum: Indices
    first: Indices
    size: Indices
    place: Indices


def draw_trials(
    probes: Items,
    candidates: Items,
    *,
    strata: dict[str, str | None] | None = None,
    num_per_probe: int = TRIALS_PER_PROBE,
    num_others: int = 1,
    seed: int = 0,
) -> Trials:
    """Other persons uniform within the stratum of the probe's person, items uniform within persons.

    `strata` (person to stratum) makes gender-stratified or G, N, GN trials; without it everybody is
    in one. Persons with an unknown stratum take no part.
    """
    people = sorted(set(probes.people) | set(candidates.people))
    number = {person: index for index, person in enumerate(people)}
    labels = [strata.get(person) if strata is not None else "" for person in people]
    pool = _build_pool([number[person] for person in candidates.people], labels)
    owners = np.array([number[person] for person in probes.people], np.intp)
    usable, left_out = _select_probes(owners, labels, pool=pool, num_others=num_others)
    generator = np.random.default_rng(seed)
    chosen = np.repeat(usable, num_per_probe)
    true = _draw_items(owners[chosen], pool, generator)
    strangers = _draw_strangers(owners[chosen], pool, num_others=num_others, generator=generator)
    others = _draw_items(strangers, pool, generator)
    return Trials(chosen.astype(np.int32), true, others, left_out)


def find_subjects(probes: Items, candidates: Items) -> dict[str, str | None]:
    """One stratum of everybody but those who have candidates alone: the paper's subjects have both
    (Table 1). So data sets that hold further people give the same trials."""
    known = set(probes.people)
    return {
        person: "" if person in known else None for person in (*candidates.people, *probes.people)
    }


def join_strata(*attributes: dict[str, str | None]) -> dict[str, str | None]:
    """Strata of persons who share all attributes (G, N → GN); unknown where one is unknown."""
    people = set().union(*attributes)
    rows = {person: [attribute.get(person) for attribute in attributes] for person in people}
    return {
        person: None if None in row else "|".join(str(value) for value in row)
        for person, row in rows.items()
    }


def _build_pool(owners: Sequence[int], labels: Names) -> _Pool:
    counts = np.bincount(np.array(owners, np.intp), minlength=len(labels))
    items = np.argsort(owners, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    names, codes = np.unique([label or "" for label in labels], return_inverse=True)
    known = np.array([label is not None for label in labels]) & (counts > 0)
    codes = np.where(known, codes, len(names))
    by_stratum = np.argsort(codes, kind="stable")
    size = np.bincount(codes, minlength=len(names) + 1)
    first = np.concatenate([[0], np.cumsum(size)[:-1]])
    place = np.empty(len(labels), np.intp)
    place[by_stratum] = np.arange(len(labels)) - first[codes[by_stratum]]
    size = np.where(known, size[codes], 0)
    return _Pool(items, starts, counts, by_stratum, first[codes], size, place)


def _select_probes(
    owners: Indices, labels: Names, *, pool: _Pool, num_others: int
) -> tuple[Indices, dict[str, int]]:
    is_unknown = np.array([label is None for label in labels])[owners]
    has_none = ~is_unknown & (pool.counts[owners] == 0)
    is_alone = ~is_unknown & ~has_none & (pool.size[owners] <= num_others)
    reasons = {
        "stratum unknown": is_unknown,
        "no candidate of the same person": has_none,
        "too few other people in the stratum": is_alone,
    }
    left_out = {reason: int(mask.sum()) for reason, mask in reasons.items() if mask.any()}
    return np.flatnonzero(~(is_unknown | has_none | is_alone)), left_out


def _draw_items(
    people: Indices, pool: _Pool, generator: np.random.Generator
) -> npt.NDArray[np.int32]:
    """An item of each of `people`, in their shape."""
    steps = generator.integers(pool.counts[people])
    drawn: npt.NDArray[np.int32] = pool.items[pool.starts[people] + steps].astype(np.int32)
    return drawn


def _draw_strangers(
    people: Indices, pool: _Pool, *, num_others: int, generator: np.random.Generator
) -> Indices:
    """Different other persons of the stratum of each of `people`, [N, M]."""
    own, limit = pool.place[people][:, None], (pool.size[people] - 1)[:, None]
    drawn = generator.integers(np.repeat(limit, num_others, axis=1))  # [N, M]
    for _ in range(MAX_REDRAWS):
        ordered = np.sort(drawn, axis=1)
        again = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
        if not len(again):
            break
        drawn[again] = generator.integers(np.repeat(limit[again], num_others, axis=1))
    else:
        raise ValueError(f"{num_others} other people: too many for the smallest stratum")
    places = drawn + (drawn >= own)
    strangers: Indices = pool.by_stratum[pool.first[people][:, None] + places]
    return strangers


def compare_vectors(trials: Trials, *, probes: Floats, candidates: Floats) -> Floats:
    """Share of each trial won by the cosine of `probes` [P, D] and `candidates` [C, D]: [N].

    See compare_scores for ties. Memory is bounded: a block of rows at a time. Raises ValueError
    for vectors that do not fit each other or are not finite.
    """
    check_vectors(probes, candidates)
    left, right = scale_to_unit(probes), scale_to_unit(candidates)
    won = np.empty(len(trials), np.float32)
    size = max(1, BLOCK_VALUES // (left.shape[1] * (2 + trials.others.shape[1])))
    for start in range(0, len(trials), size):
        part = slice(start, start + size)
        rows = left[trials.probes[part]]  # [B, D]
        true = np.einsum("bd,bd->b", rows, right[trials.true[part]])
        others = np.einsum("bd,bmd->bm", rows, right[trials.others[part]])
        won[part] = compare_scores(true, others)
    return won


def compare_scores(true: Floats, others: Floats) -> Floats:
    """1 where `true` [N] is above all of `others` [N, M], 1/(1+k) where k tie with it, else 0."""
    best = others.max(axis=1)
    num_ties = (others == true[:, None]).sum(axis=1)
    won = np.where(true >= best, 1 / (1 + num_ties), 0.0)
    return won.astype(np.float32)


def compare_labels(trials: Trials, probes: Names, candidates: Names) -> Floats:
    """Share of each trial won by an oracle that knows labels and nothing else (gender oracle)."""
    values = sorted({label for label in (*probes, *candidates) if label is not None})
    code = {label: index for index, label in enumerate(values)} | {None: -1}
    left = np.array([code[label] for label in probes], np.int32)[trials.probes]  # [N]
    right = np.array([code[label] for label in candidates], np.int32)
    true = (left == right[trials.true]).astype(np.float32)
    others = (left[:, None] == right[trials.others]).astype(np.float32)  # [N, M]
    return compare_scores(true, others)


def score_trials(
    name: str,
    won: Floats,
    *,
    trials: Trials,
    probes: Items,
    candidates: Items,
    published: float | None = None,
    constant: Floats | None = None,
    seed: int = 0,
) -> Score:
    """Accuracy with its interval over people; `constant` is what a constant predictor won, [N].

    For M > 1 the second person of a trial is the first other one.
    """
    if not len(trials):
        why = "; ".join(f"{count}: {reason}" for reason, count in trials.left_out.items())
        return make_missing(name, f"no trials ({why or 'no probes'})")
    number = {person: i for i, person in enumerate(sorted({*probes.people, *candidates.people}))}
    owners = np.array([number[person] for person in probes.people], np.intp)
    strangers = np.array([number[person] for person in candidates.people], np.intp)
    score = score_pair_mean(
        name,
        won,
        first=owners[trials.probes],
        second=strangers[trials.others[:, 0]],
        seed=seed,
    )
    baseline = None if constant is None else float(constant.mean(dtype=np.float64))
    return complete(score, chance=trials.chance, constant=baseline, published=published)
