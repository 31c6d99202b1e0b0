"""Distances of features from voices to those of the true faces (S2F Table 2), and recall of the
true face by them (Table 3)."""

from collections.abc import Iterator, Mapping

from tasks.evaluation.distances import DISTANCES
from tasks.evaluation.features import PUBLISHED_ANGLE, FeatureScore, score_features
from tasks.evaluation.retrieval import PUBLISHED, rank_constant, rank_true, score_recalls
from tasks.evaluation.scores import Floats, Indices, Score, make_missing
from tasks.evaluation.store import Line

# In the order of the table; ARS's rescaled cosine is no measure of S2F.
MEASURES = ("angle_deg", "l2", "l1", "unit_l2", "unit_l1")
TABLE2, SPREADS, TABLE3 = "table2", "table2_std", "table3"


def get_seconds(length: str) -> int | None:
    """3 of "3 s"; None for a length that the paper did not ask with."""
    return next((seconds for seconds in PUBLISHED_ANGLE if length == f"{seconds} s"), None)


def score_table2(
    heard: Mapping[str, Floats],
    true: Floats,
    *,
    people: Indices,
    constant: Floats,
    seed: int = 0,
) -> Iterator[Line]:
    """Labels: length of the voice, measure. `constant` [D] is one answer for everybody.

    The lines of SPREADS are the standard deviations over samples.
    """
    for length, predicted in heard.items():
        mean, spread = PUBLISHED_ANGLE.get(get_seconds(length) or 0, (None, None))
        published = {} if mean is None else {"angle_deg": mean}
        scores = score_features(
            predicted, true, people=people, constant=constant, published=published, seed=seed
        )
        for measure in MEASURES:
            found = scores[measure]
            paper = spread if measure == "angle_deg" else None
            yield Line(TABLE2, (length, measure), found.mean)
            yield Line(SPREADS, (length, measure), _make_spread(found, measure, paper))


def _make_spread(found: FeatureScore, measure: str, published: float | None) -> Score:
    name = f"{measure}_std"
    if found.std is None:
        return make_missing(name, "no spread of one sample")
    counts = found.mean.num_samples, found.mean.num_people
    return Score(name, found.std, *counts, published=published)


def score_table3(
    heard: Mapping[str, Floats],
    true: Floats,
    *,
    people: Indices,
    constant: Floats,
    seed: int = 0,
) -> Iterator[Line]:
    """Labels: length of the voice, distance, reading, recall. Further faces of the same person do
    not count as others."""
    both = (people, people)
    base = rank_constant(constant, true, people=both)
    for length, predicted in heard.items():
        ranks = rank_true(predicted, true, people=both)
        for distance in DISTANCES:
            scores = score_recalls(
                ranks[distance],
                people=people,
                constant=base[distance],
                published=PUBLISHED.get((get_seconds(length) or 0, distance)),
                seed=seed,
            )
            for (reading, rank), score in scores.items():
                yield Line(TABLE3, (length, distance, reading, f"R@{rank}"), score)
