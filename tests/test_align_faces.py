import hashlib
from dataclasses import replace

import numpy as np
import pytest

from tasks.align_faces import (
    align_face,
    choose_refusal,
    hash_models,
    locate_point,
    measure_sharpness,
)
from tasks.face.dlib_models import DETECTOR_FILE, find_model
from tasks.media.images import encode_png
from tasks.outcomes import Reason, Rejected
from tasks.params import FaceParams
from tasks.records import Clip, Extract, Kind

CLIP = Clip("v_0-end", "folder", Kind.clip, "v")
GREY = np.full((120, 160, 3), 128, np.uint8)


def test_points_in_pixels_and_fractions_mean_the_same() -> None:
    fractions = replace(CLIP, x=0.25, y=0.5)
    pixels = replace(CLIP, x=40.0, y=60.0, unit="pixel")
    assert locate_point(fractions, GREY) == locate_point(pixels, GREY) == (0.25, 0.5)
    assert locate_point(CLIP, GREY) is None


def test_frames_without_a_face() -> None:
    frames = [encode_png(GREY)] * 2
    with pytest.raises(Rejected, match="looked at 2 frames") as error:
        align_face((CLIP, Extract(None, frames, [0.0, 0.4])), params=FaceParams())
    assert error.value.reason is Reason.no_face


def test_no_picture_is_wanted_of_a_voice() -> None:
    voice = replace(CLIP, kind=Kind.voice)
    assert align_face((voice, Extract(b"", [], [])), params=FaceParams()) is None


def test_a_small_face_says_more_than_none() -> None:
    none = Rejected(Reason.no_face, "no face found")
    small = Rejected(Reason.face_too_small, "face of 30 px")
    assert choose_refusal([none, small, none], num_frames=3) is small
    assert choose_refusal([none, none], num_frames=5).reason is Reason.no_face


def test_sharpness_is_the_laplacians_variance() -> None:
    random = np.random.default_rng(0)
    grey = random.integers(0, 256, (20, 30)).astype(np.uint8)
    picture = np.repeat(grey[:, :, None], 3, axis=2)
    padded = np.pad(grey.astype(float), 1, mode="reflect")
    laplacian = (
        padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    ) - 4 * padded[1:-1, 1:-1]
    assert measure_sharpness(picture) == pytest.approx(laplacian.var())


def test_models_are_known_by_their_content() -> None:
    digest = hashlib.sha256(find_model(DETECTOR_FILE).read_bytes()).hexdigest()
    assert hash_models()[DETECTOR_FILE] == digest
