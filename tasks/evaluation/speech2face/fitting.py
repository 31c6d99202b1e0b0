"""The heads that read gender, age and ethnicity off Speech2Face's pictures."""

from dataclasses import dataclass
from pathlib import Path

from tasks.evaluation.heads import (
    Heads,
    LabelledFeatures,
    draw_again,
    fit_heads,
    has_labels,
    read_labelled_pictures,
    read_labelled_split,
)
from tasks.evaluation.linear_head import Attributes
from tasks.evaluation.speech2face.pictures import Draw
from tasks.params import FeatureParams

OWN_FACES = "the training split's own faces and labels"


@dataclass(frozen=True)
class Fitted:
    """`heads` are None where no label is known; `training` are the training split's faces."""

    heads: Heads | None
    training: LabelledFeatures
    source: str
    num_real: int
    num_drawn: int

    @property
    def seen(self) -> Attributes | None:
        """What the head says of the training people's own pictures."""
        return None if self.heads is None else self.heads.read(self.training.features, "real")


def fit_picture_heads(
    train: Path,
    draw: Draw,
    *,
    labelled: Path | None,
    encoder: FeatureParams,
    max_drawn: int,
    num_workers: int = 1,
) -> Fitted:
    """On the faces of folder `labelled`, else of the split `train`; and again on what the decoder
    makes of at most `max_drawn` of the same faces."""
    training = read_labelled_split(train)
    if labelled is None:
        real, source = training, OWN_FACES
    else:
        real = read_labelled_pictures(labelled, encoder=encoder, num_workers=num_workers)
        source = f"the labelled faces of {labelled.name}"
    if not has_labels(real.labels):
        return Fitted(None, training, "", 0, 0)
    made = draw_again(real, draw, encoder=encoder, num_workers=num_workers, max_faces=max_drawn)
    return Fitted(
        fit_heads(real, made, source=source),
        training,
        source,
        len(real.people) - real.num_missing,
        len(made.people) - made.num_missing,
    )
