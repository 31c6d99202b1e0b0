"""Pictures made of people's faces and voices, against the people's own (SPEC 5.3 to 5.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tasks.evaluation import attributes, craniofacial
from tasks.evaluation.bootstrap import Doubles, encode_people, score_mean
from tasks.evaluation.correlation import Correlation, correlate
from tasks.evaluation.distances import DISTANCES, Distance
from tasks.evaluation.linear_head import Attributes
from tasks.evaluation.picture_readings import Readings
from tasks.evaluation.picture_table import PictureRow, Role, place_age
from tasks.evaluation.retrieval import (
    Ranks,
    Reading,
    compute_hits,
    count_gallery,
    rank_constant,
    rank_true,
    score_recalls,
)
from tasks.evaluation.scores import Indices, Score, complete

Attribute = Literal["gender", "age", "ethnicity"]
Classifier = Literal["packaged", "linear head"]
ATTRIBUTES: tuple[Attribute, ...] = ("gender", "age", "ethnicity")
CLASSIFIERS: tuple[Classifier, ...] = ("packaged", "linear head")
MADE: tuple[Role, ...] = ("from_voice", "from_face")
VALUES: Mapping[Attribute, tuple[str, ...]] = {
    "gender": attributes.GENDERS,
    "age": attributes.DECADES,
    "ethnicity": attributes.ETHNICITIES,
}
Labels = list[str | None]


@dataclass(frozen=True)
class Pictures:
    """N rows with what was read off their pictures; `predicted` by classifier and role."""

    rows: Sequence[PictureRow]
    people: Indices
    readings: Mapping[Role, Readings]
    predicted: Mapping[Classifier, Mapping[Role, Attributes]]

    @property
    def everybody(self) -> Indices:
        return np.arange(len(self.rows))


def make_pictures(
    rows: Sequence[PictureRow],
    readings: Mapping[Role, Readings],
    heads: Mapping[Role, Attributes] | None,
) -> Pictures:
    """`heads` are the linear head's answers, if there is one."""
    predicted: dict[Classifier, Mapping[Role, Attributes]] = {
        "packaged": {role: reading.packaged for role, reading in readings.items()}
    }
    if heads is not None:
        predicted["linear head"] = heads
    return Pictures(rows, encode_people([row.person for row in rows]), readings, predicted)


def correlate_measures(
    pictures: Pictures,
    *,
    samples: Indices,
    jaw: craniofacial.JawPoints = craniofacial.JAW_POINTS[0],
    alignment: craniofacial.Alignment = "frame",
) -> dict[str, Correlation]:
    """The twelve measures of the picture from the face against that from the voice."""
    first, second = (
        craniofacial.measure_faces(
            pictures.readings[role].landmarks[samples], jaw=jaw, alignment=alignment
        )
        for role in ("from_face", "from_voice")
    )
    return {
        name: correlate(
            name,
            first[name],
            second[name],
            people=pictures.people[samples],
            published=craniofacial.PUBLISHED[name],
        )
        for name in craniofacial.MEASURES
    }


def get_predicted(
    pictures: Pictures, classifier: Classifier, role: Role, attribute: Attribute
) -> Labels:
    """One of VALUES for each row; ages by decade."""
    answers = pictures.predicted[classifier][role]
    if attribute == "age":
        return [attributes.bin_by_decade(age) for age in answers.ages]
    return list(answers.genders if attribute == "gender" else answers.ethnicities)


def score_agreement(
    pictures: Pictures,
    attribute: Attribute,
    *,
    classifier: Classifier,
    role: Role,
    samples: Indices | None = None,
) -> Score:
    """The classifier's answers on pictures of `role` against those on the originals."""
    first = get_predicted(pictures, classifier, "original", attribute)
    second = get_predicted(pictures, classifier, role, attribute)
    chosen = pictures.everybody if samples is None else samples
    is_published = attribute == "gender" and role == "from_voice"
    return attributes.score_agreement(
        attribute,
        [first[index] for index in chosen],
        [second[index] for index in chosen],
        people=pictures.people[chosen],
        published=attributes.PUBLISHED_GENDER_AGREEMENT if is_published else None,
    )


def score_against_labels(
    pictures: Pictures, attribute: Attribute, *, classifier: Classifier, role: Role
) -> Score:
    """The classifier's answers against the table's labels; ages in the table's own groups."""
    if attribute == "age":
        true = [row.groups.get("age_group") for row in pictures.rows]
        groups = sorted({label for label in true if label is not None})
        ages = pictures.predicted[classifier][role].ages
        predicted = [place_age(age, groups) for age in ages]
    else:
        true = [getattr(row, attribute) for row in pictures.rows]
        predicted = get_predicted(pictures, classifier, role, attribute)
    return attributes.score_agreement(attribute, true, predicted, people=pictures.people)


def count_confusion(
    pictures: Pictures, attribute: Attribute, *, classifier: Classifier, role: Role
) -> attributes.Confusion:
    """Rows: the original; columns: the picture of `role` (Fig. 4a; from_face is its control)."""
    return attributes.count_confusion(
        get_predicted(pictures, classifier, "original", attribute),
        get_predicted(pictures, classifier, role, attribute),
        labels=VALUES[attribute],
    )


@dataclass(frozen=True)
class Retrieval:
    """Ranks of the true original, by distance, for the rows `samples` [Q] that have both faces."""

    samples: Indices
    ranks: Mapping[Distance, Ranks]
    constant: Mapping[Distance, Ranks]
    num_missing: int


def rank_pictures(pictures: Pictures, role: Role) -> Retrieval:
    """Originals by nearness to the picture of `role`; others of the same person do not count.

    The constant predictor answers the originals' mean feature.
    """
    gallery, queries = pictures.readings["original"].features, pictures.readings[role].features
    has_face = np.isfinite(gallery).all(axis=1)
    is_used = np.logical_and(has_face, np.isfinite(queries).all(axis=1))
    true = (np.cumsum(has_face) - 1)[is_used]
    people = pictures.people[is_used], pictures.people[has_face]
    faces = gallery[has_face]
    if not is_used.any():
        return Retrieval(np.flatnonzero(is_used), {}, {}, len(is_used))
    ranks = rank_true(queries[is_used], faces, true=true, people=people)
    constant = rank_constant(faces.mean(axis=0), faces, true=true, people=people)
    return Retrieval(np.flatnonzero(is_used), ranks, constant, int(np.count_nonzero(~is_used)))


def score_retrieval(
    pictures: Pictures, retrieval: Retrieval
) -> dict[tuple[Distance, Reading, int], Score]:
    people = pictures.people[retrieval.samples]
    return {
        (distance, *key): replace(score, num_missing=score.num_missing + retrieval.num_missing)
        for distance in DISTANCES
        if distance in retrieval.ranks
        for key, score in score_recalls(
            retrieval.ranks[distance], people=people, constant=retrieval.constant[distance]
        ).items()
    }


def score_retrieval_of(
    pictures: Pictures,
    retrieval: Retrieval,
    *,
    samples: Indices,
    distance: Distance = "cosine",
    reading: Reading = "of_100",
    rank: int = 10,
) -> Score:
    """R@K of the rows `samples` alone, in the whole gallery."""
    name = f"R@{rank} {reading}"
    hits, constant = (
        _place_hits(pictures, retrieval, ranks.get(distance), reading=reading, rank=rank)[samples]
        for ranks in (retrieval.ranks, retrieval.constant)
    )
    score = score_mean(name, hits, people=pictures.people[samples], is_share=True)
    known = constant[np.isfinite(constant)]
    return complete(
        score,
        chance=_guess(retrieval, distance, rank) if reading == "of_100" else None,
        constant=float(known.mean()) if len(known) else None,
    )


def _guess(retrieval: Retrieval, distance: Distance, rank: int) -> float | None:
    ranks = retrieval.ranks.get(distance)
    return None if ranks is None else min(1.0, rank / count_gallery(ranks))


def _place_hits(
    pictures: Pictures, retrieval: Retrieval, ranks: Ranks | None, *, reading: Reading, rank: int
) -> Doubles:
    """Hits of all rows [N], NaN where there are none."""
    values = np.full(len(pictures.rows), np.nan)
    hits = None if ranks is None else compute_hits(ranks, reading=reading, rank=rank)
    if hits is not None:
        values[retrieval.samples] = hits
    return values
