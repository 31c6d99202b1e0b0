"""What is read off a picture: the face's box, its landmarks, features, gender, age, ethnicity."""

import functools
import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.evaluation.linear_head import Attributes
from tasks.evaluation.packaged_classifier import classify_face, is_installed
from tasks.evaluation.scores import Floats
from tasks.face.align import CROP_PX, crop_face_224
from tasks.face.boxes import Box, Picture
from tasks.face.detect import detect_faces, detect_frontal_faces
from tasks.face.encoders import BORDER_PX, FaceEncoder, load_encoder
from tasks.face.landmarks import NUM_LANDMARKS, find_landmarks
from tasks.media.images import read_picture
from tasks.outcomes import Rejected
from tasks.params import FeatureParams

# A face fills at least this much of the shorter side; pictures of one face (chosen).
FACE_SHARE = 0.25
MAX_SIDE_PX = 640
NO_FACE = "no face found"
CHUNK = 16
DLIB, DLIB_DIMENSION = FeatureParams("dlib_resnet"), 128


@dataclass(frozen=True)
class Reading:
    """Of one picture; `reason` says why there is nothing, then all else is None.

    `landmarks` [68, 2] in pixels of the picture scaled to 224 px width, `feature` [D].
    """

    reason: str = ""
    landmarks: npt.NDArray[np.float32] | None = None
    feature: npt.NDArray[np.float32] | None = None
    gender: str | None = None
    age: float | None = None


@dataclass(frozen=True)
class Readings:
    """Of N pictures: `landmarks` [N, 68, 2] and `features` [N, D] are NaN where there are none.

    `packaged` are the packaged classifier's answers.
    """

    reasons: list[str]
    landmarks: Floats
    features: Floats
    packaged: Attributes

    @property
    def answers(self) -> Attributes | None:
        """The packaged classifier's, None where it is not installed."""
        return self.packaged if is_installed() else None

    @property
    def num_missing(self) -> int:
        return sum(bool(reason) for reason in self.reasons)


def find_only_face(picture: Picture) -> Box | None:
    """The widest face; the fast frontal detector first, which the landmark model was fitted to."""
    face_px = FACE_SHARE * min(picture.shape[:2])
    for detect in (detect_frontal_faces, detect_faces):
        boxes: list[Box] = detect(picture, min_face_px=face_px, max_side_px=MAX_SIDE_PX)
        if boxes:
            return max(boxes, key=lambda box: box.width)
    return None


def find_drawn_face(picture: Picture) -> Box | None:
    """The widest face of a picture that it fills; the picture's border pixels go on, as the
    detectors want to see something round a face."""
    border = ((BORDER_PX, BORDER_PX), (BORDER_PX, BORDER_PX), (0, 0))
    box = find_only_face(np.pad(picture, border, mode="edge"))
    return None if box is None else _move_box(box, -BORDER_PX)


def _move_box(box: Box, by_px: float) -> Box:
    return Box(box.left + by_px, box.top + by_px, box.right + by_px, box.bottom + by_px, box.score)


@functools.lru_cache(maxsize=1)
def open_encoder(params: FeatureParams = DLIB) -> FaceEncoder:
    return load_encoder(
        params.encoder,
        weights=params.weights,
        sha256=params.sha256,
        device=params.device,
        input_scale=params.input_scale,
    )


def read_face(
    path: Path, *, encoder: FeatureParams = DLIB, with_attributes: bool = True
) -> Reading:
    """Everything read off one picture file."""
    try:
        picture = read_picture(path.read_bytes())
    except Rejected as refusal:
        return Reading(refusal.message)
    return read_pixels(picture, encoder=encoder, with_attributes=with_attributes)


def read_pixels(
    picture: Picture,
    *,
    find: Callable[[Picture], Box | None] = find_only_face,
    encoder: FeatureParams = DLIB,
    with_attributes: bool = True,
) -> Reading:
    """Everything read off uint8 [H, W, 3] RGB."""
    box = find(picture)
    if box is None:
        return Reading(NO_FACE)
    landmarks = find_landmarks(picture, box) * (CROP_PX / picture.shape[1])
    feature = open_encoder(encoder).encode(crop_face_224(picture, box)[None])[0]
    gender, age = classify_face(picture, box) if with_attributes else (None, None)
    return Reading("", landmarks.astype(np.float32), feature, gender, age)


def read_faces(
    paths: Sequence[Path], *, encoder: FeatureParams = DLIB, num_workers: int = 1
) -> Readings:
    """Of all picture files, in order; `num_workers` processes."""
    read = functools.partial(read_face, encoder=encoder, with_attributes=is_installed())
    return _map_readings(read, paths, encoder=encoder, num_workers=num_workers)


def read_pictures(
    pictures: Sequence[Picture], *, encoder: FeatureParams, num_workers: int = 1
) -> Readings:
    """Of all pictures uint8 [224, 224, 3] RGB that networks drew, in order.

    Features are of the face that is found; without one a picture has none.
    """
    read = functools.partial(
        read_pixels, find=find_drawn_face, encoder=encoder, with_attributes=is_installed()
    )
    return _map_readings(read, pictures, encoder=encoder, num_workers=num_workers)


def _map_readings(
    read: Callable[[Any], Reading],
    sources: Sequence[Any],
    *,
    encoder: FeatureParams,
    num_workers: int,
) -> Readings:
    dimension = open_encoder(encoder).dimension
    if num_workers == 1 or len(sources) <= CHUNK:
        return stack_readings(map(read, sources), dimension=dimension)
    # Not forked: torch and dlib may hold threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(num_workers, mp_context=context) as pool:
        return stack_readings(pool.map(read, sources, chunksize=CHUNK), dimension=dimension)


def stack_readings(readings: Iterable[Reading], *, dimension: int = DLIB_DIMENSION) -> Readings:
    rows = list(readings)
    no_landmarks = np.full((NUM_LANDMARKS, 2), np.nan, np.float32)
    no_feature = np.full(dimension, np.nan, np.float32)
    landmarks = [no_landmarks if row.landmarks is None else row.landmarks for row in rows]
    features = [no_feature if row.feature is None else row.feature for row in rows]
    return Readings(
        [row.reason for row in rows],
        np.array(landmarks).reshape(-1, NUM_LANDMARKS, 2),  # [N, 68, 2]
        np.array(features).reshape(-1, dimension),  # [N, D]
        Attributes([r.gender for r in rows], [r.age for r in rows], [None] * len(rows)),
    )
