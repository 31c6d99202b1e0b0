"""Frames in which people lie on their side: the orientation tag is wrong or missing."""

import numpy as np
from PIL import Image

from tasks.face.boxes import Box, Picture, resize_box, widen_box
from tasks.face.dlib_models import load_frontal_detector

# Scaled width of the face, for the frontal detector's window of 80 px, and the margin round it.
FACE_PX = 120
MARGIN = 2.0
# What a sideways face must score once turned: one scored 1.8; on 84 frames of 50 upright videos,
# the three without a frontal face as they stand had none sideways either (chosen).
MIN_SCORE = 1.0


def count_turns(frame: Picture, box: Box) -> int:
    """Quarter turns (counter-clockwise, as numpy.rot90) after which the face in `box` is upright.

    0, or 1 or 3 where the detector of upright frontal faces sees one only after turning: 15 ms.
    Half turns are not tried: upside down, many faces still look like one to it.
    """
    side = round(FACE_PX * MARGIN)
    picture = resize_box(
        frame, widen_box(box, MARGIN), size=(side, side), resample=Image.Resampling.BILINEAR
    )
    if _score_frontal(picture) > 0.0:
        return 0
    scores = {turns: _score_frontal(turn_frame(picture, turns)) for turns in (1, 3)}
    best = max(scores, key=lambda turns: scores[turns])
    return best if scores[best] >= MIN_SCORE else 0


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
