"""Frames in which people lie on their side: the orientation tag is wrong or missing."""

import numpy as np
from PIL import Image

from tasks.face.boxes import Box, Picture, resize_box, widen_box
from tasks.face.dlib_models import load_frontal_detector

# Scaled width of the face, for the frontal detector's window of 80 px, and the margin round it.
FACE_PX = 120
MARGIN = 2.0
# What a turned face must score: a sideways one scored 1.8; on 84 frames of 50 videos, those without
# a face as they stand had none in any direction (chosen).
MIN_SCORE = 1.0


def count_turns(frame: Picture, box: Box) -> int:
    """Quarter turns (counter-clockwise, as numpy.rot90) after which the face in `box` is upright.

    0 unless the detector of upright frontal faces sees a face only after turning: 10 ms.
    """
    side = round(FACE_PX * MARGIN)
    picture = resize_box(
        frame, widen_box(box, MARGIN), size=(side, side), resample=Image.Resampling.BILINEAR
    )
    scores = [_score_frontal(np.ascontiguousarray(np.rot90(picture, turns))) for turns in range(4)]
    best = int(np.argmax(scores))
    return best if scores[0] <= 0.0 and scores[best] >= MIN_SCORE else 0


def _score_frontal(picture: Picture) -> float:
    _, scores, _ = load_frontal_detector().run(picture, 0, 0.0)
    return max(scores, default=0.0)


def turn_frame(frame: Picture, turns: int) -> Picture:
    """`frame` [H, W, 3] after `turns` quarter turns counter-clockwise."""
    return np.ascontiguousarray(np.rot90(frame, turns))


def turn_box(box: Box, turns: int, *, frame_shape: tuple[int, ...]) -> Box:
    """Where `box` of a frame [H, W, …] lies after `turns` quarter turns counter-clockwise."""
    height, width = frame_shape[:2]
    for _ in range(turns % 4):
        box = Box(box.top, width - box.right, box.bottom, width - box.left, box.score)
        height, width = width, height
    return box
