"""Real recordings, where they are at hand: outcomes as their table of hard cases says."""

from functools import lru_cache
from pathlib import Path

import av
import numpy as np
import pytest

from tasks.face.find import FaceSearch, find_face
from tasks.face.landmarks import find_landmarks
from tasks.face.upright import count_turns
from tasks.outcomes import Reason, Rejected

SEARCH = FaceSearch()


@lru_cache(maxsize=4)
def read_frame(path: Path, time_s: float = 0.0) -> np.ndarray:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time >= time_s:
                return np.asarray(frame.to_ndarray(format="rgb24"))
    raise AssertionError(f"{path} ends before {time_s} s")


@pytest.mark.parametrize(
    "name",
    [
        "grid_lbax4n_m.mpg",
        "lrs3_0Fi83BHQsMA.mp4",
        "vr_face1.mp4",
        "lp_d11_child.mp4",
    ],
)
def test_talking_faces_are_found_with_eyes_and_mouth_inside(data_folder, name):
    frame = read_frame(data_folder / "clips" / name, 0.8)
    box = find_face(frame, point=None, search=SEARCH)
    landmarks = find_landmarks(frame, box)
    assert all(box.contains((x, y)) for x, y in landmarks[36:68])
    assert landmarks[36:48, 1].mean() < landmarks[30, 1] < landmarks[48:68, 1].mean()
    assert count_turns(frame, box) == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("two_faces_interview.mp4", Reason.ambiguous_faces),
        ("tiny_face_ted.mp4", Reason.face_too_small),
        ("container_mov_text.mp4", Reason.no_face),
    ],
)
def test_hard_cases_are_rejected(data_folder, name, reason):
    with pytest.raises(Rejected) as caught:
        find_face(read_frame(data_folder / "hard" / name), point=None, search=SEARCH)
    assert caught.value.reason is reason


def test_a_point_chooses_one_of_two(data_folder):
    frame = read_frame(data_folder / "hard" / "two_faces_interview.mp4")
    box = find_face(frame, point=(873 / 1280, 220 / 720), search=SEARCH)
    assert box.contains((873, 220))


def test_a_small_second_face_is_no_rival(data_folder):
    frame = read_frame(data_folder / "hard" / "oddfps_generated_face.mp4")
    assert find_face(frame, point=None, search=SEARCH).width > 150


def test_boxes_with_the_mouth_cut_off_are_mended(data_folder):
    frame = read_frame(data_folder / "hard" / "derived_short2s.mp4", 1.0)
    box = find_face(frame, point=None, search=SEARCH)
    assert all(box.contains((x, y)) for x, y in find_landmarks(frame, box)[48:68])
