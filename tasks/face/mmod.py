"""dlib's CNN face detector as dlib runs it, fourteen times as fast.

Same weights, same pyramid laid out in one picture, same windows: the best ones are dlib's own boxes
to the pixel (tests/face/test_mmod.py), only the convolutions are torch's. dlib's take 5.9 s a
megapixel on one core, these 0.4 s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.mmod import FIRST_CENTER_PX, STRIDE, WINDOW_PX, MmodNet
from tasks.face.boxes import Picture
from tasks.face.dlib_input import normalise_colours
from tasks.face.dlib_models import DETECTOR_FILE, find_model
from tasks.face.mmod_weights import load_mmod

# From the file: the overlap (intersection over union) from which two windows are one face.
MAX_OVERLAP = 0.3382646
# dlib's layout: zeros round everything and between the levels of the pyramid.
OUTER_PX, GAP_PX, SMALLEST_ROWS = 11, 10, 5
STEP = 6 / 5
SHIFT_PX = 0.3  # that dlib adds for each level when it maps back


@dataclass(frozen=True)
class Tile:
    """Where one level of the pyramid lies in the picture that the network sees."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Window:
    """A face in pixels of the picture, edges' pixels included, and its score."""

    left: float
    top: float
    right: float
    bottom: float
    score: float


@lru_cache(maxsize=1)
def open_detector() -> MmodNet:
    network = load_mmod(find_model(DETECTOR_FILE))
    for weight in network.parameters():
        if weight.ndim == 4:  # a quarter faster where shapes are new, as most pictures' are
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)
    return network


def find_windows(picture: Picture) -> list[list[Window]]:
    """The windows of each face of WINDOW_PX and wider in `picture` uint8 [H, W, 3] RGB.

    Faces and their windows come best score first; the first of each is what dlib returns.
    """
    tiles = place_tiles(picture.shape[1], picture.shape[0])
    with torch.inference_mode():
        scores = open_detector()(draw_pyramid(picture, tiles))[0, 0].numpy()  # [h, w]
    return group_windows(read_windows(scores, tiles))


def place_tiles(width: int, height: int) -> list[Tile]:
    """Levels 5/6 of each other in size: down a first column, then up at the right."""
    sizes = _list_sizes(width, height)
    num_down = _count_down(sizes)
    tiles, top = [], OUTER_PX
    for w, h in sizes[:num_down]:
        tiles.append(Tile(OUTER_PX, top, w, h))
        top += h + GAP_PX
    bottom = top - GAP_PX
    for w, h in sizes[num_down:]:
        tile = Tile(OUTER_PX + width - w, bottom - h, w, h)
        if tile.top < OUTER_PX + height:
            break  # it would lie over the picture itself
        tiles.append(tile)
        bottom = tile.top - GAP_PX
    return tiles


def _list_sizes(width: int, height: int) -> list[tuple[int, int]]:
    sizes = [(width, height)]
    while True:
        width, height = int(width / STEP), int(height / STEP)
        if width == 0 or height < SMALLEST_ROWS:
            return sizes
        sizes.append((width, height))


def _count_down(sizes: Sequence[tuple[int, int]]) -> int:
    """Levels in the first column: until the next fits beside the last, and half the rest is in."""
    width, height = sizes[0]
    total = sum(h + GAP_PX for _, h in sizes) - 2 * GAP_PX
    used, last_width = 0, 0
    for number, (w, h) in enumerate(sizes):
        if w <= width - last_width - GAP_PX and 2 * (used - height) >= total - height:
            return number
        used, last_width = used + h + GAP_PX, w
    return len(sizes)


def draw_pyramid(picture: Picture, tiles: Sequence[Tile]) -> Tensor:
    """float32 [1, 3, H', W']: each level a bilinear copy of the one before."""
    level = normalise_colours(picture)
    bottom = max(tile.top + tile.height for tile in tiles)
    shape = 1, 3, bottom + OUTER_PX, tiles[0].width + 2 * OUTER_PX
    canvas = torch.zeros(shape).to(memory_format=torch.channels_last)
    for tile in tiles:
        if tile is not tiles[0]:
            size = tile.height, tile.width
            level = functional.interpolate(level, size, mode="bilinear", align_corners=True)
        canvas[..., tile.top :, tile.left :][..., : tile.height, : tile.width] = level
    return canvas


def read_windows(scores: NDArray[np.float32], tiles: Sequence[Tile]) -> list[Window]:
    """The windows that score above 0, best first; `scores` [h, w]."""
    places = np.argwhere(scores > 0)  # [N, 2] row, column
    confidences = scores[scores > 0]  # [N]
    centers = FIRST_CENTER_PX + STRIDE * places[:, ::-1]  # [N, 2] x, y
    corners = np.array([(tile.left, tile.top) for tile in tiles])  # [T, 2]
    levels = _find_tiles(centers, tiles, corners)  # [N]
    half = (WINDOW_PX - 1) / 2
    inside = centers - corners[levels]
    edges = np.concatenate([inside - half, inside + half], axis=1)  # [N, 4]
    for level in range(1, len(tiles)):
        edges[levels >= level] = edges[levels >= level] * STEP + SHIFT_PX
    pixels = np.floor(edges + 0.5).astype(int)
    best_first = np.argsort(-confidences, kind="stable")
    rows = zip(pixels[best_first].tolist(), confidences[best_first].tolist(), strict=True)
    return [Window(left, top, right, bottom, s) for (left, top, right, bottom), s in rows]


def _find_tiles(
    centers: NDArray[np.int64], tiles: Sequence[Tile], corners: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The nearest tile of each centre: 0 pixels away from the one it lies in."""
    last = corners + np.array([(tile.width - 1, tile.height - 1) for tile in tiles])
    beyond = np.maximum(corners - centers[:, None], centers[:, None] - last).clip(min=0)
    nearest: NDArray[np.int64] = np.square(beyond).sum(axis=2).argmin(axis=1)  # [N, T, 2] to [N]
    return nearest


def group_windows(windows: Sequence[Window]) -> list[list[Window]]:
    """Puts each window to the first face whose best it overlaps by more than MAX_OVERLAP."""
    faces: list[list[Window]] = []
    for window in windows:
        same = (face for face in faces if measure_overlap(window, face[0]) > MAX_OVERLAP)
        face = next(same, None)
        if face is None:
            faces.append([window])
        else:
            face.append(window)
    return faces


def average_windows(face: Sequence[Window]) -> Window:
    """A face's windows weighted by their scores; the score is the best one's."""
    weights = [window.score for window in face]
    edges = [(window.left, window.top, window.right, window.bottom) for window in face]
    left, top, right, bottom = np.average(edges, axis=0, weights=weights).tolist()
    return Window(left, top, right, bottom, face[0].score)


def measure_overlap(a: Window, b: Window) -> float:
    """Intersection over union."""
    width = min(a.right, b.right) - max(a.left, b.left) + 1
    height = min(a.bottom, b.bottom) - max(a.top, b.top) + 1
    inner = max(width, 0) * max(height, 0)
    areas = [(w.right - w.left + 1) * (w.bottom - w.top + 1) for w in (a, b)]
    return inner / (sum(areas) - inner)
