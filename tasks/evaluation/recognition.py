"""Whose face is it? 1:2 matching and retrieval by face features predicted from voices."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tasks.evaluation.bootstrap import Doubles, encode_people
from tasks.evaluation.matching import (
    Items,
    Trials,
    compare_labels,
    compare_vectors,
    draw_trials,
    score_trials,
)
from tasks.evaluation.retrieval import rank_constant, rank_true, score_recalls
from tasks.evaluation.scores import Floats
from tasks.evaluation.store import Line

GENDER_ORACLE = "gender oracle"
ANYBODY, SAME_GENDER = "anybody", "same gender"


def draw_trial_lists(
    items: Items, genders: Sequence[str | None], *, num_per_probe: int, seed: int = 0
) -> dict[str, Trials]:
    """By who the other person of a trial may be; voices and faces are of the same `items`."""
    strata = dict(zip(items.people, genders, strict=True))
    return {
        name: draw_trials(
            items, items, strata=chosen, num_per_probe=num_per_probe, num_others=1, seed=seed
        )
        for name, chosen in ((ANYBODY, None), (SAME_GENDER, strata))
    }


def score_matching(
    queries: Mapping[str, Floats],
    true: Floats,
    *,
    lists: Mapping[str, Trials],
    items: Items,
    genders: Sequence[str | None],
    constant: Floats,
    seed: int = 0,
) -> Iterator[Line]:
    """Labels: model, other person. `queries` [N, D] by model; `constant` [N, D] one answer."""
    for other, trials in lists.items():
        baseline = compare_vectors(trials, probes=constant, candidates=true)
        results = {
            name: compare_vectors(trials, probes=query, candidates=true)
            for name, query in queries.items()
        }
        results[GENDER_ORACLE] = compare_labels(trials, genders, genders)
        for name, won in results.items():
            score = score_trials(
                "matching",
                won,
                trials=trials,
                probes=items,
                candidates=items,
                constant=baseline,
                seed=seed,
            )
            yield Line("matching", (name, other), score)


def share_won(trials: Trials, query: Floats, true: Floats) -> Doubles:
    """Of its trials, what each query [N, D] won: [N], NaN where it has none."""
    won = compare_vectors(trials, probes=query, candidates=true)
    sums = np.bincount(trials.probes, won, len(query))
    counts = np.bincount(trials.probes, minlength=len(query))
    shares: Doubles = np.divide(sums, counts, out=np.full(len(query), np.nan), where=counts > 0)
    return shares


def score_retrieval(
    queries: Mapping[str, Floats],
    true: Floats,
    *,
    people: Sequence[str],
    constant: Floats,
    seed: int = 0,
) -> Iterator[Line]:
    """Labels: model, reading, recall. By cosine; further faces of the same person do not count."""
    codes = encode_people(people)
    both = (codes, codes)
    base = rank_constant(constant, true, distances=("cosine",), people=both)["cosine"]
    for name, query in queries.items():
        ranks = rank_true(query, true, distances=("cosine",), people=both)["cosine"]
        scores = score_recalls(ranks, people=codes, constant=base, seed=seed)
        for (reading, rank), score in scores.items():
            yield Line("retrieval", (name, reading, f"R@{rank}"), score)
