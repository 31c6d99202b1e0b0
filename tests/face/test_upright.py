import numpy as np
import pytest

from tasks.face.boxes import Box
from tasks.face.upright import count_turns, turn_box, turn_frame

BOX = Box(60, 68, 180, 188)


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_a_turned_face_is_turned_back(face_picture, turns):
    turned = turn_frame(face_picture, turns)
    box = turn_box(BOX, turns, frame_shape=face_picture.shape)
    assert (turns + count_turns(turned, box)) % 4 == 0


def test_no_face_is_not_turned():
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    assert count_turns(noise, Box(50, 50, 150, 150)) == 0


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5])
def test_boxes_turn_with_their_frame(turns):
    frame = np.zeros((40, 60, 3), np.uint8)
    frame[5:15, 20:50] = 255
    box = turn_box(Box(20, 5, 50, 15, 0.5), turns, frame_shape=frame.shape)
    rows, columns = np.nonzero(turn_frame(frame, turns)[..., 0])
    edges = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert (box.left, box.top, box.right, box.bottom) == edges
