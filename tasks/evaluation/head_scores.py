"""How good the linear head and the packaged classifier are on the labelled faces."""

from collections.abc import Sequence

import numpy as np

from tasks.evaluation.attributes import score_age, score_agreement
from tasks.evaluation.labelled_faces import LabelledFace
from tasks.evaluation.linear_head import Attributes, cross_validate
from tasks.evaluation.picture_readings import Readings
from tasks.evaluation.scores import Indices, Score

Named = tuple[tuple[str, str], Score]


def collect_labels(faces: Sequence[LabelledFace]) -> Attributes:
    return Attributes(
        [face.gender for face in faces],
        [face.age for face in faces],
        [face.ethnicity for face in faces],
    )


def score_on_labelled(labels: Attributes, readings: Readings) -> list[Named]:
    """By attribute and classifier; the head is cross-validated, and every face another person."""
    has_face = np.isfinite(readings.features).all(axis=1)
    used = np.flatnonzero(has_face)
    crossed = cross_validate(readings.features[used], select(labels, used))
    return [
        *_score("linear head, cross-validated", select(labels, used), crossed),
        *_score("packaged", select(labels, used), select(readings.packaged, used)),
    ]


def select(found: Attributes, samples: Indices) -> Attributes:
    """The attributes of `samples`."""
    return Attributes(
        [found.genders[index] for index in samples],
        [found.ages[index] for index in samples],
        [found.ethnicities[index] for index in samples],
    )


def _score(classifier: str, true: Attributes, found: Attributes) -> list[Named]:
    people = np.arange(len(true.genders))
    gender = score_agreement("gender", true.genders, found.genders, people=people)
    ethnicity = score_agreement("ethnicity", true.ethnicities, found.ethnicities, people=people)
    age = score_age("age", true.ages, found.ages, people=people)
    named = (("gender", gender), ("ethnicity", ethnicity), ("age, mean error in years", age))
    return [((name, classifier), score) for name, score in named if score.value is not None]
