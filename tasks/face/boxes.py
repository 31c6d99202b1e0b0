"""Boxes in frame pixels and what is cut out by them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Point = tuple[float, float]
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Box:
    """Edges in frame pixels, pixel i covering [i, i+1); edges may lie outside the frame.

    `score` is the detector's: above 0 for a face, about 1 for a clear one.
    """

    left: float
    top: float
    right: float
    bottom: float
    score: float = 0.0

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def center(self) -> Point:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def contains(self, point: Point) -> bool:
        x, y = point
        return self.left <= x < self.right and self.top <= y < self.bottom


def frame_box(frame_shape: tuple[int, ...]) -> Box:
    """The whole frame; `frame_shape` is (height, width, …)."""
    return Box(0.0, 0.0, float(frame_shape[1]), float(frame_shape[0]))


def to_pixels(point: Point, frame_shape: tuple[int, ...]) -> Point:
    """Fractions of width and height, as lists give them, to frame pixels."""
    return point[0] * frame_shape[1], point[1] * frame_shape[0]


def region_around_point(point: Point, frame_shape: tuple[int, ...], *, side_px: float) -> Box:
    """A square round `point` (fractions of the frame), moved and cut so that it lies inside."""
    x, y = to_pixels(point, frame_shape)
    left, right = _fit_interval(x, side_px, limit=frame_shape[1])
    top, bottom = _fit_interval(y, side_px, limit=frame_shape[0])
    return Box(left, top, right, bottom)


def _fit_interval(middle: float, length: float, *, limit: int) -> tuple[float, float]:
    length = min(length, float(limit))
    start = min(max(middle - length / 2, 0.0), limit - length)
    return start, start + length


def widen_box(box: Box, factor: float) -> Box:
    """The box with `factor` times its width and height, about the same centre."""
    (x, y), width, height = box.center, box.width * factor / 2, box.height * factor / 2
    return Box(x - width, y - height, x + width, y + height, box.score)


def clip_box(box: Box, frame_shape: tuple[int, ...]) -> Box:
    """What of the box lies inside the frame."""
    left, right = (min(max(x, 0.0), float(frame_shape[1])) for x in (box.left, box.right))
    top, bottom = (min(max(y, 0.0), float(frame_shape[0])) for y in (box.top, box.bottom))
    return Box(left, top, right, bottom, box.score)


def resize_box(
    frame: Picture, box: Box, *, size: tuple[int, int], resample: Image.Resampling
) -> Picture:
    """What `box` covers of `frame` [H, W, 3], as uint8 [size[1], size[0], 3].

    Beyond the frame its border pixels go on. Pillow widens its kernel when it makes pictures
    smaller, so nothing aliases, and computes in integers: the same bytes on every machine.
    """
    inner, moved = _cut_out(frame, box)
    edges = (moved.left, moved.top, moved.right, moved.bottom)
    return np.asarray(Image.fromarray(inner).resize(size, resample, box=edges))


def _cut_out(frame: Picture, box: Box) -> tuple[Picture, Box]:
    """Whole pixels round the box, with replicated borders, and the box in their coordinates."""
    height, width = frame.shape[:2]
    columns = np.arange(int(np.floor(box.left)), int(np.ceil(box.right)))
    rows = np.arange(int(np.floor(box.top)), int(np.ceil(box.bottom)))
    inside = columns.clip(0, width - 1), rows.clip(0, height - 1)
    picture = np.ascontiguousarray(frame[inside[1]][:, inside[0]])
    x, y = float(columns[0]), float(rows[0])
    return picture, Box(box.left - x, box.top - y, box.right - x, box.bottom - y, box.score)
