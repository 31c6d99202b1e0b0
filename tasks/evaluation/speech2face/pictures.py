"""What is seen in the pictures made from faces and from voices (S2F Fig. 3 to 5)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.data.readers import decode_faces
from tasks.evaluation.bootstrap import encode_people
from tasks.evaluation.heads import Heads
from tasks.evaluation.held_out import HeldOut
from tasks.evaluation.linear_head import Attributes
from tasks.evaluation.packaged_classifier import classify_faces, is_installed
from tasks.evaluation.picture_readings import Readings, read_pictures
from tasks.evaluation.picture_scores import MADE, Classifier, Pictures
from tasks.evaluation.picture_table import PictureRow, Role
from tasks.evaluation.scores import Floats, Indices
from tasks.face.boxes import frame_box
from tasks.face.landmarks import NUM_LANDMARKS
from tasks.params import FeatureParams

# Features [N, D] to pictures uint8 [N, 224, 224, 3] RGB.
Draw = Callable[[Floats], npt.NDArray[np.uint8]]


@dataclass(frozen=True)
class Drawn:
    """`rows` [M] of the held-out pairs are drawn, from the features [N, D] of faces and voices."""

    rows: Indices
    features: dict[Role, Floats]


def choose_rows(num_rows: int, *, limit: int, seed: int) -> Indices:
    """At most `limit` of them at random, in order."""
    chosen = np.random.default_rng(seed).permutation(num_rows)[:limit]
    return np.sort(chosen)


def see_pictures(
    held_out: HeldOut,
    drawn: Drawn,
    draw: Draw,
    *,
    heads: Heads | None,
    encoder: FeatureParams,
    num_workers: int = 1,
) -> Pictures:
    """Reads originals and made pictures; heads of two kinds answer for them, if there are any."""
    readings: dict[Role, Readings] = {"original": read_originals(held_out, drawn.rows)}
    for role in MADE:
        pictures = list(draw(drawn.features[role][drawn.rows]))
        readings[role] = read_pictures(pictures, encoder=encoder, num_workers=num_workers)
    predicted: dict[Classifier, dict[Role, Attributes]] = {}
    if heads is not None:
        predicted["linear head"] = {
            role: heads.read(reading.features, "real" if role == "original" else "made")
            for role, reading in readings.items()
        }
    if is_installed():
        predicted["packaged"] = {role: reading.packaged for role, reading in readings.items()}
    rows = [describe_row(held_out, int(row)) for row in drawn.rows]
    people = encode_people([row.person for row in rows])
    return Pictures(rows, people, readings, predicted)


def describe_row(held_out: HeldOut, row: int) -> PictureRow:
    groups = {
        "gender": held_out.genders[row],
        "ethnicity": held_out.ethnicities[row],
        "nationality": held_out.nationalities[row],
    }
    return PictureRow(held_out.names[row], held_out.people[row], {}, groups)


def read_originals(held_out: HeldOut, rows: Sequence[int] | Indices) -> Readings:
    """The people's own crops: their stored features, and the packaged classifier's answers."""
    nothing = [None] * len(rows)
    packaged = Attributes(nothing, nothing, nothing)
    if is_installed():
        faces = list(decode_faces([held_out.faces[row] for row in rows]))
        packaged = classify_faces(faces, [frame_box(face.shape) for face in faces])
    landmarks = np.full((len(rows), NUM_LANDMARKS, 2), np.nan, np.float32)
    return Readings([""] * len(rows), landmarks, held_out.features[rows], packaged)
