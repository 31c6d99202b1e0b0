"""68 facial landmarks, iBUG order, with dlib's regression trees (300-W: no commercial use)."""

import dlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.face.boxes import Box, Picture, resize_box, widen_box
from tasks.face.dlib_models import load_landmark_predictor

NUM_LANDMARKS = 68
# dlib rounds landmarks to whole pixels, so small faces are enlarged first; large ones are made
# smaller, which takes noise away.
FACE_PX = 256
MARGIN = 1.5


def find_landmarks(frame: Picture, box: Box) -> NDArray[np.float32]:
    """Landmarks (x, y) float32 [68, 2] of the face in `box`, in pixels of `frame` [H, W, 3].

    Pixel centres are whole numbers. Points may lie outside box and frame.
    """
    side = round(FACE_PX * MARGIN)
    area = widen_box(box, MARGIN)
    picture = resize_box(frame, area, size=(side, side), resample=Image.Resampling.BILINEAR)
    edge = (side - FACE_PX) // 2
    face = dlib.rectangle(edge, edge, edge + FACE_PX - 1, edge + FACE_PX - 1)
    shape = load_landmark_predictor()(picture, face)
    points = np.array([(part.x, part.y) for part in shape.parts()], dtype=np.float64)  # [68, 2]
    steps = np.array([area.width, area.height]) / side
    return ((points + 0.5) * steps + (area.left, area.top) - 0.5).astype(np.float32)
