import numpy as np
import pytest

from tasks.face.boxes import Box
from tasks.face.detect import refine_box
from tasks.face.landmarks import find_landmarks


@pytest.mark.parametrize(("size", "eye_distance_px"), [(90, 18.0), (240, 50.0), (700, 150.0)])
def test_eyes_are_found_where_they_were_drawn(draw, size, eye_distance_px):
    picture = draw(size=size, eye_distance_px=eye_distance_px)
    scale = size / 240
    box = refine_box(picture, Box(60 * scale, 68 * scale, 180 * scale, 188 * scale))
    landmarks = find_landmarks(picture, box)
    assert (landmarks.shape, landmarks.dtype) == ((68, 2), np.float32)
    left, right = landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)
    middle = (left + right) / 2
    assert np.abs(middle - (size / 2, size / 2)).max() < 0.2 * eye_distance_px
    # `eye_distance_px` is an average adult's; this sitter's differs a little.
    assert right[0] - left[0] == pytest.approx(eye_distance_px, rel=0.2)


def test_ibug_order(face_picture):
    points = find_landmarks(face_picture, refine_box(face_picture, Box(60, 68, 180, 188)))
    chin, nose, brow = points[8], points[30], points[19]
    assert brow[1] < points[37][1] < nose[1] < points[51][1] < points[57][1] < chin[1]
    assert points[0][0] < points[36][0] < points[45][0] < points[16][0]
    assert points[48][0] < nose[0] < points[54][0]


def test_points_move_with_the_frame(face_picture):
    moved = np.pad(face_picture, ((30, 0), (50, 0), (0, 0)), mode="edge")
    here = find_landmarks(face_picture, Box(60, 68, 180, 188))
    there = find_landmarks(moved, Box(110, 98, 230, 218))
    np.testing.assert_allclose(there, here + np.array((50, 30)), atol=1e-3)
