"""A steadier box for a face that was found.

The detector's boxes come in steps of a fifth in width and of a tenth in place; at its smallest
window they are up to 30 % too wide. One box in twenty cuts off the mouth and misleads the
landmarks. The mean of three looks at the face brings the spread of the width from 10 to 4.5 %, of
the height of the centre from 5 to 4 %, against landmarks on 33 videos. It costs 0.04 s.
"""

from dataclasses import astuple

import numpy as np

from models.mmod import WINDOW_PX
from tasks.face.boxes import Box, Picture, clip_box, widen_box
from tasks.face.detect import detect_faces

# Widths to which the face is scaled: above the window, a third of the pyramid's step of 6/5 apart.
LOOKS_PX = (92.0, 97.8, 103.9)
REGION_WIDTHS = 1.7
MAX_SIDE_PX = 256


def refine_box(frame: Picture, box: Box) -> Box:
    """The mean of the boxes found in three looks at the face in `box`; `box` if there are none."""
    region = clip_box(widen_box(box, REGION_WIDTHS), frame.shape)
    looks = [_look(frame, region, box.width * WINDOW_PX / face_px) for face_px in LOOKS_PX]
    same = [found for boxes in looks for found in boxes[:1] if box.contains(found.center)]
    if not same:
        return box
    return Box(*np.mean([astuple(found) for found in same], axis=0).tolist())


def _look(frame: Picture, region: Box, min_face_px: float) -> list[Box]:
    return detect_faces(frame, region=region, min_face_px=min_face_px, max_side_px=MAX_SIDE_PX)
