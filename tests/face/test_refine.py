import numpy as np
import pytest

from tasks.face.boxes import Box
from tasks.face.refine import refine_box


def test_boxes_that_are_off_come_together(face_picture):
    starts = [Box(60, 70, 180, 190), Box(75, 60, 195, 180), Box(45, 65, 195, 215)]
    found = [refine_box(face_picture, start) for start in starts]
    centers = np.array([box.center for box in found])
    widths = np.array([box.width for box in found])
    assert np.ptp(centers, axis=0).max() < 12
    assert np.ptp(widths) < 12
    assert abs(centers[:, 0].mean() - 120) < 8


def test_a_box_without_a_face_stays():
    box = Box(10, 10, 90, 90, 0.7)
    assert refine_box(np.full((100, 100, 3), 90, np.uint8), box) == box


@pytest.mark.parametrize("shift", [-150, 150])
def test_a_box_at_the_frame_border_is_no_error(face_picture, shift):
    box = Box(60.0 + shift, 70, 180.0 + shift, 190)
    assert isinstance(refine_box(face_picture, box), Box)
