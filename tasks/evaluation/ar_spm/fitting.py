"""The heads that read gender, age and ethnicity off AR-SPM's pictures, and how good they are."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tasks.evaluation.ar_spm.system import System, see_again
from tasks.evaluation.head_scores import select
from tasks.evaluation.heads import (
    MAX_DRAWN,
    Heads,
    LabelledFeatures,
    fit_heads,
    has_labels,
    read_labelled_pictures,
    read_labelled_split,
    score_head,
)
from tasks.evaluation.store import Line
from tasks.params import FeatureParams


def fit_attribute_heads(
    train: Path,
    system: System,
    *,
    labelled: Path | None,
    features: FeatureParams,
    num_workers: int,
) -> Heads | None:
    """On the faces of folder `labelled`, else of the split `train`; None where nothing is known.

    The head of made pictures is fitted on what the decoder makes of the same faces.
    """
    if labelled is None:
        real, source = read_labelled_split(train), "the training split's own faces"
    else:
        real = read_labelled_pictures(labelled, encoder=features, num_workers=num_workers)
        source = f"the labelled faces of {labelled.name}"
    if not has_labels(real.labels):
        return None
    return fit_heads(real, draw_again(real, system), source=source)


def draw_again(faces: LabelledFeatures, system: System) -> LabelledFeatures:
    """The same people in the decoder's pictures, which are read whole as all others here."""
    rows = np.flatnonzero(np.isfinite(faces.features).all(axis=1))[:MAX_DRAWN]
    seen = see_again(system, faces.features[rows])
    people = [faces.people[row] for row in rows]
    return LabelledFeatures(seen.features, select(faces.labels, rows), people)


def score_heads(
    heads: Heads, *, real: LabelledFeatures, made: LabelledFeatures, seed: int = 0
) -> Iterator[Line]:
    """Each head on people it was not fitted on. Labels: attribute, pictures."""
    for words, head, faces in (
        ("own picture, head of own pictures", heads.real, real),
        ("decoder picture, head of own pictures", heads.real, made),
        ("decoder picture, head of decoder pictures", heads.made, made),
    ):
        if head is not None:
            for attribute, score in score_head(head, faces, seed=seed).items():
                yield Line("heads", (attribute, words), score)
