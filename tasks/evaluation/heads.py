"""Gender, age and ethnicity of pictures that networks made: heads on the shards' own face features.

Two heads of one kind. One is fitted on features of real faces, one on features read off what a
decoder makes of the same faces: made pictures are smooth, frontal and alike, and read differently.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tasks.data.readers import name_person, read_batches
from tasks.evaluation.attributes import map_ethnicity, score_age, score_agreement
from tasks.evaluation.bootstrap import encode_people
from tasks.evaluation.labelled_faces import collect_labels, read_labelled_folder
from tasks.evaluation.linear_head import Attributes, LinearHead, select
from tasks.evaluation.picture_readings import Readings, read_faces, read_pictures
from tasks.evaluation.scores import Floats, Indices, Score
from tasks.params import FeatureParams

# Features [B, D] to pictures uint8 [B, H, W, 3] RGB.
Draw = Callable[[Floats], npt.NDArray[np.uint8]]
Kind = Literal["real", "made"]
KINDS: tuple[Kind, ...] = ("real", "made")
LABELS = ("identity", "video_id", "gender", "age", "ethnicity")
MAX_FACES = 20_000  # of a split, chosen: a head of 4,096 weights has enough
MAX_DRAWN = 2_000  # of them drawn by a decoder and read again, chosen
DRAW_ROWS = 16


@dataclass(frozen=True)
class LabelledFeatures:
    """Of N faces: `features` [N, D] (NaN rows: no face found), labels, `people` by name.

    `packaged` is what the packaged classifier says, None where it was not asked.
    """

    features: Floats
    labels: Attributes
    people: Sequence[str]
    packaged: Attributes | None = None

    @property
    def person_codes(self) -> Indices:
        return encode_people(self.people)

    def take(self, count: int) -> "LabelledFeatures":
        """The first `count`; the packaged classifier may have been asked about these alone."""
        rows = np.arange(min(count, len(self.people)))
        packaged = None if self.packaged is None else select(self.packaged, rows)
        labels = select(self.labels, rows)
        return LabelledFeatures(self.features[rows], labels, self.people[: len(rows)], packaged)

    @property
    def num_found(self) -> int:
        return int(np.count_nonzero(np.isfinite(self.features).all(axis=1)))

    @property
    def num_missing(self) -> int:
        return len(self.people) - self.num_found


@dataclass(frozen=True)
class Heads:
    """`made` is None where no decoder was there to draw; `source` says what they were fitted on."""

    real: LinearHead
    made: LinearHead | None
    source: str

    def read(self, features: Floats, kind: Kind) -> Attributes:
        """Of faces [N, D]; pictures that a network made get the head of such pictures."""
        head = self.made if kind == "made" and self.made is not None else self.real
        return head.predict(features)


def read_labelled_split(folder: Path, *, max_faces: int = MAX_FACES) -> LabelledFeatures:
    """The first `max_faces` faces of a split of the pairs, with what is known of them."""
    features: list[npt.NDArray[np.float32]] = []
    rows: list[dict[str, Any]] = []
    for batch in read_batches(folder, columns=["face_feature", *LABELS], batch_size=256):
        features.append(np.asarray(batch["face_feature"]))
        rows += [
            {name: batch[name][row] for name in LABELS} | {"person": name_person(batch, row)}
            for row in range(len(batch["gender"]))
        ]
        if len(rows) >= max_faces:
            break
    labels = Attributes(
        [row["gender"] for row in rows],
        [None if np.isnan(row["age"]) else float(row["age"]) for row in rows],
        [map_ethnicity(row["ethnicity"]) for row in rows],
    )
    return LabelledFeatures(np.concatenate(features), labels, [row["person"] for row in rows])


def read_labelled_pictures(
    folder: Path, *, encoder: FeatureParams, num_workers: int = 1
) -> LabelledFeatures:
    """The faces of a UTKFace or FairFace folder; every one is taken for another person."""
    faces = read_labelled_folder(folder)
    paths = [face.path for face in faces]
    readings = read_faces(paths, encoder=encoder, num_workers=num_workers)
    people = [str(path) for path in paths]
    return LabelledFeatures(readings.features, collect_labels(faces), people, readings.answers)


def draw_again(
    faces: LabelledFeatures,
    draw: Draw,
    *,
    encoder: FeatureParams,
    num_workers: int = 1,
    max_faces: int = MAX_DRAWN,
) -> LabelledFeatures:
    """The same people, with the features of what `draw` makes of theirs."""
    found = np.flatnonzero(np.isfinite(faces.features).all(axis=1))[:max_faces]
    readings = read_drawn(faces.features[found], draw, encoder=encoder, num_workers=num_workers)
    people = [faces.people[row] for row in found]
    labels = select(faces.labels, found)
    return LabelledFeatures(readings.features, labels, people, readings.answers)


def read_drawn(
    features: Floats, draw: Draw, *, encoder: FeatureParams, num_workers: int = 1
) -> Readings:
    """What is read off the pictures that `draw` makes of features [N, D]."""
    blocks = [features[start : start + DRAW_ROWS] for start in range(0, len(features), DRAW_ROWS)]
    pictures = [picture for block in blocks for picture in draw(block)]
    return read_pictures(pictures, encoder=encoder, num_workers=num_workers)


def fit_heads(real: LabelledFeatures, made: LabelledFeatures | None, *, source: str) -> Heads:
    """Raises ValueError where none of the faces has a label."""
    if not has_labels(real.labels):
        raise ValueError(f"{source}: no gender, age or ethnicity is known of any face")
    fitted = None if made is None else LinearHead(made.features, made.labels)
    return Heads(LinearHead(real.features, real.labels), fitted, source)


def has_labels(labels: Attributes) -> bool:
    answers = (*labels.genders, *labels.ages, *labels.ethnicities)
    return any(answer is not None for answer in answers)


def score_head(head: LinearHead, held_out: LabelledFeatures, *, seed: int = 0) -> dict[str, Score]:
    """Of faces it was not fitted on; those in which no face was found are missing."""
    found = head.predict(held_out.features)
    return score_answers(held_out.labels, found, people=held_out.person_codes, seed=seed)


def score_answers(
    true: Attributes, found: Attributes, *, people: Indices, seed: int = 0
) -> dict[str, Score]:
    """Gender and ethnicity: share right; age: mean error in years."""
    pairs = {
        "gender": (true.genders, found.genders),
        "ethnicity": (true.ethnicities, found.ethnicities),
    }
    scores = {
        name: score_agreement(name, *labels, people=people, seed=seed)
        for name, labels in pairs.items()
    }
    age = score_age("age", true.ages, found.ages, people=people, seed=seed)
    return {"gender": scores["gender"], "age": age, "ethnicity": scores["ethnicity"]}
