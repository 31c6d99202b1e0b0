import pytest

from tasks.face.boxes import Box
from tasks.face.choose import choose_face
from tasks.outcomes import Reason, Rejected

SHAPE = (360, 640, 3)


def square(left: float, top: float, side: float) -> Box:
    return Box(left, top, left + side, top + side, 1.0)


def choose(*boxes: Box, point=None) -> Box:
    return choose_face(boxes, point=point, frame_shape=SHAPE, rival_share=0.4)


def refuse(*boxes: Box, point=None) -> Reason:
    with pytest.raises(Rejected) as caught:
        choose(*boxes, point=point)
    return caught.value.reason


LARGE, SMALL = square(100, 100, 200), square(500, 20, 79)


def test_without_a_point_the_only_or_the_clearly_widest_face_is_taken():
    assert choose(LARGE) == LARGE
    assert choose(SMALL, LARGE) == LARGE


def test_without_a_point_a_face_of_comparable_width_is_a_rival():
    assert refuse(LARGE, square(500, 20, 80)) is Reason.ambiguous_faces
    assert refuse(SMALL, SMALL) is Reason.ambiguous_faces


def test_no_face_and_one():
    assert refuse() is Reason.no_face
    assert choose(SMALL) == SMALL


def test_with_a_point_the_face_that_contains_it_is_taken():
    assert choose(LARGE, SMALL, point=(540 / 640, 60 / 360)) == SMALL
    assert choose(LARGE, SMALL, point=(101 / 640, 101 / 360)) == LARGE


def test_of_two_faces_round_the_point_the_one_centred_on_it_is_taken():
    inner = square(220, 220, 60)
    assert choose(LARGE, inner, point=(250 / 640, 250 / 360)) == inner
    assert choose(LARGE, inner, point=(210 / 640, 210 / 360)) == LARGE


def test_with_a_point_outside_all_faces_the_nearest_within_half_a_width_is_taken():
    assert choose(LARGE, SMALL, point=(399 / 640, 200 / 360)) == LARGE
    assert refuse(LARGE, SMALL, point=(401 / 640, 200 / 360)) is Reason.no_face
    assert refuse(LARGE, point=(2.0, 2.0)) is Reason.no_face
