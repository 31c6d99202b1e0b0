"""How good heads and the packaged classifier are on faces whose labels are known."""

from collections.abc import Iterator

from tasks.evaluation.head_names import (
    CROSSED,
    DECODER_PICTURES,
    DRAWN_HEAD,
    HEADS,
    LABELLED,
    OWN_HEAD,
    OWN_PICTURES,
    PACKAGED,
)
from tasks.evaluation.heads import Heads, LabelledFeatures, score_answers
from tasks.evaluation.linear_head import Attributes, cross_validate
from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line

Named = tuple[tuple[str, str], Score]


def score_heads(
    heads: Heads, real: LabelledFeatures, made: LabelledFeatures, *, seed: int = 0
) -> Iterator[Line]:
    """On people they were not fitted on. Labels: attribute, pictures, classifier.

    `made` are the same faces through the decoder: what a head gets wrong there is no voice's fault.
    """
    for words, head in ((OWN_HEAD, heads.real), (DRAWN_HEAD, heads.made)):
        for pictures, faces in ((OWN_PICTURES, real), (DECODER_PICTURES, made)):
            if head is not None and (head is heads.real or faces is made):
                found = head.predict(faces.features)
                yield from _score(HEADS, found, faces, pictures, classifier=words, seed=seed)


def score_packaged(
    real: LabelledFeatures, made: LabelledFeatures, *, seed: int = 0
) -> Iterator[Line]:
    """The packaged classifier's, beside those of `score_heads`; none where it was not asked."""
    for pictures, faces in ((OWN_PICTURES, real), (DECODER_PICTURES, made)):
        if faces.packaged is not None:
            for line in _score(
                HEADS, faces.packaged, faces, pictures, classifier=PACKAGED, seed=seed
            ):
                if line.labels[0] != "ethnicity":  # which it does not tell
                    yield line


def _score(
    table: str,
    found: Attributes,
    faces: LabelledFeatures,
    pictures: str,
    *,
    classifier: str,
    seed: int,
) -> Iterator[Line]:
    scores = score_answers(faces.labels, found, people=faces.person_codes, seed=seed)
    for attribute, score in scores.items():
        yield Line(table, (attribute, pictures, classifier), score)


def score_fitted(
    real: LabelledFeatures, made: LabelledFeatures | None, *, seed: int = 0
) -> Iterator[Line]:
    """Both heads on the faces that they are fitted on. Labels: attribute, pictures, classifier."""
    for pictures, faces in ((OWN_PICTURES, real), (DECODER_PICTURES, made)):
        if faces is not None:
            for (attribute, classifier), score in score_labelled(faces, seed=seed):
                yield Line(LABELLED, (attribute, pictures, classifier), score)


def score_labelled(faces: LabelledFeatures, *, seed: int = 0) -> Iterator[Named]:
    """By attribute and classifier, on faces as the heads are fitted on; no head has seen a face of
    the person that it is asked about. The packaged classifier is left out where it was not asked.
    """
    people = faces.person_codes
    answers: dict[str, Attributes] = {
        CROSSED: cross_validate(faces.features, faces.labels, people=people, seed=seed)
    }
    if faces.packaged is not None:
        answers[PACKAGED] = faces.packaged
    for classifier, found in answers.items():
        scores = score_answers(faces.labels, found, people=people, seed=seed)
        for attribute, score in scores.items():
            if score.value is not None:
                yield (attribute, classifier), score
