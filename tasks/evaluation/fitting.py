"""The heads that read gender, age and ethnicity off a decoder's pictures, with what they saw."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tasks.evaluation.heads import (
    Heads,
    LabelledFeatures,
    fit_heads,
    has_labels,
    read_labelled_pictures,
    read_labelled_split,
)
from tasks.evaluation.linear_head import Attributes
from tasks.params import FeatureParams

OWN_FACES = "the training split’s own faces and labels"
# The same people (some of them), as they look when a decoder has drawn them.
DrawAgain = Callable[[LabelledFeatures], LabelledFeatures]


@dataclass(frozen=True)
class Fitted:
    """`heads` were fitted on labelled faces, `real` and as the decoder draws them (`made`); all are
    None where no label is known. `training` are the training split's faces."""

    training: LabelledFeatures
    heads: Heads | None = None
    real: LabelledFeatures | None = None
    made: LabelledFeatures | None = None

    @property
    def source(self) -> str:
        return "" if self.heads is None else self.heads.source

    @property
    def seen(self) -> Attributes | None:
        """What the head says of the training people's own pictures."""
        return None if self.heads is None else self.heads.read(self.training.features, "real")


def fit_picture_heads(
    train: Path,
    draw_again: DrawAgain,
    *,
    labelled: Path | None,
    encoder: FeatureParams,
    num_workers: int = 1,
) -> Fitted:
    """On the faces of folder `labelled`, else of the split `train`; and again on what the decoder
    makes of the same faces."""
    training = read_labelled_split(train)
    if labelled is None:
        real, source = training, OWN_FACES
    else:
        real = read_labelled_pictures(labelled, encoder=encoder, num_workers=num_workers)
        source = f"the labelled faces of {labelled.name}"
    if not has_labels(real.labels):
        return Fitted(training)
    made = draw_again(real)
    return Fitted(training, fit_heads(real, made, source=source), real, made)
