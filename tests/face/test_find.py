"""The passes of find_face, with detectors that know the faces and see what fits their window."""

import numpy as np
import pytest

from tasks.face import find
from tasks.face.boxes import Box
from tasks.face.find import FaceSearch, find_face, merge_boxes
from tasks.outcomes import Reason, Rejected

FRAME = np.zeros((720, 1280, 3), np.uint8)


def square(x: float, y: float, side: float) -> Box:
    """By its centre."""
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2, 1.0)


class FakeDetector:
    """Sees faces that fill 80 px of the scaled region; `cost` counts the pixels it has read."""

    def __init__(self, *faces: Box) -> None:
        self.faces, self.cost, self.passes = faces, 0.0, 0

    def __call__(self, frame, *, region=None, min_face_px, max_side_px, min_score=0.0):
        region = region or Box(0, 0, frame.shape[1], frame.shape[0])
        scale = min(80 / min_face_px, max_side_px / max(region.width, region.height))
        self.cost += region.width * region.height * scale**2
        self.passes += 1
        inside = [face for face in self.faces if region.contains((face.left, face.top))]
        return [
            face
            for face in inside
            if region.right >= face.right
            and region.bottom >= face.bottom
            and face.width * scale >= 79.9
        ]


@pytest.fixture
def look(monkeypatch):
    def run(*faces: Box, point=None, frame=FRAME, **search) -> tuple[Box, FakeDetector]:
        detector, fast = FakeDetector(*faces), FakeDetector(*faces)
        monkeypatch.setattr(find, "detect_faces", detector)
        monkeypatch.setattr(find, "detect_frontal_faces", fast)
        return find_face(frame, point=point, search=FaceSearch(**search)), detector

    return run


def refuse(look, *faces: Box, **arguments) -> Reason:
    with pytest.raises(Rejected) as caught:
        look(*faces, **arguments)
    return caught.value.reason


def test_a_large_face_takes_one_cheap_pass(look):
    face = square(640, 360, 300)
    found, detector = look(face)
    assert (found, detector.passes) == (face, 1)
    assert detector.cost < 0.1e6


@pytest.mark.parametrize("width", [300, 250, 130, 90, 48])
def test_every_wanted_size_is_found_at_a_point(look, width):
    face = square(400, 300, width)
    found, detector = look(face, point=(400 / 1280, 300 / 720))
    assert found == face
    assert detector.cost < 0.9e6


def test_a_point_half_a_width_off_still_finds_the_face(look):
    face = square(400, 300, 60)
    assert look(face, point=(455 / 1280, 300 / 720))[0] == face


def test_a_point_chooses_a_small_face_beside_a_large_one(look):
    large, small = square(900, 400, 320), square(690, 300, 60)
    assert look(large, small, point=(690 / 1280, 300 / 720))[0] == small


def test_without_a_point_the_cap_bounds_the_search(look):
    face = square(640, 360, 100)
    assert look(face)[0] == face
    assert refuse(look, square(640, 360, 70)) is Reason.face_too_small
    assert look(square(640, 360, 70), max_side_px=2560)[0].width == 70


def test_rivals_of_the_widest_are_looked_for(look):
    widest = square(300, 360, 300)
    assert refuse(look, widest, square(900, 300, 130)) is Reason.ambiguous_faces
    assert look(widest, square(900, 300, 110))[0] == widest


def test_no_face_and_faces_too_small(look):
    assert refuse(look) is Reason.no_face
    small = FRAME[:360, :640]
    assert refuse(look, square(320, 180, 30), frame=small) is Reason.face_too_small
    assert refuse(look, square(320, 180, 20), frame=small) is Reason.no_face
    centre = (0.5, 0.5)
    assert refuse(look, square(640, 360, 30), point=centre) is Reason.face_too_small
    assert refuse(look, square(100, 100, 30), point=centre) is Reason.no_face
    assert refuse(look, square(200, 200, 300), point=(0.9, 0.9)) is Reason.no_face


def test_what_only_the_fast_detector_sees_is_no_small_face(monkeypatch):
    monkeypatch.setattr(find, "detect_faces", FakeDetector())
    monkeypatch.setattr(find, "detect_frontal_faces", FakeDetector(square(640, 360, 215)))
    with pytest.raises(Rejected, match="no face found"):
        find_face(FRAME, point=None, search=FaceSearch())


@pytest.mark.parametrize(("width", "is_kept"), [(40.0, False), (47.4, False), (47.97, True)])
def test_a_width_measured_below_what_the_detector_was_asked_for(monkeypatch, width, is_kept):
    monkeypatch.setattr(find, "detect_faces", lambda *_, **__: [square(640, 360, width)])
    monkeypatch.setattr(find, "detect_frontal_faces", FakeDetector())
    search = FaceSearch(max_side_px=2560)
    if is_kept:
        assert find_face(FRAME, point=None, search=search).width == pytest.approx(width)
    else:
        with pytest.raises(Rejected, match="at least 48 px wanted"):
            find_face(FRAME, point=None, search=search)


def test_a_frame_smaller_than_the_smallest_face(look):
    assert refuse(look, frame=np.zeros((20, 30, 3), np.uint8)) is Reason.no_face


def test_two_views_of_one_face_are_one():
    known, same, other = square(100, 100, 80), square(110, 95, 60), square(300, 100, 50)
    assert merge_boxes([known], [same, other]) == [known, other]


def test_real_detectors_on_drawn_faces(draw):
    frame = np.concatenate([draw(5, size=200, eye_distance_px=40)] * 2, axis=1)
    search = FaceSearch()
    with pytest.raises(Rejected, match="ambiguous"):
        find_face(frame, point=None, search=search)
    for x in (100, 300):
        box = find_face(frame, point=(x / 400, 0.5), search=search)
        assert box.contains((x, 100))
        assert abs(box.center[0] - x) < 12
