"""A small painter's algorithm: triangles from far to near, the last one on a pixel stays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.sample.head import Floats

TILE_SIZES = (2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 30, 50, 100, 400)
EDGE_SLACK = 1e-4  # keeps pixel centres on a shared edge from falling between two triangles


@dataclass(frozen=True)
class Coverage:
    """The visible pixels: flat index [N], triangle [N] and barycentric weights [N, 3]."""

    pixels: NDArray[np.int64]
    triangles: NDArray[np.int64]
    weights: Floats


def rasterise(corners: Floats, depth: Floats, *, width: int, height: int) -> Coverage:
    """`corners` [T, 3, 2] in pixels, `depth` [T]: larger is farther. Back faces are left out."""
    edges, area = _compute_edges(corners)
    low, high = _compute_boxes(corners)
    near = (high > 0) & (low < np.array([width, height], np.float32))  # overlaps the picture
    front = np.flatnonzero((area > 1e-6) & near[:, 0] & near[:, 1])
    order = front[np.argsort(-depth[front], kind="stable")]
    edges = edges[order] / area[order, None, None]
    ranks = np.full(width * height, -1, np.int64)
    corner = np.floor(low[order]).astype(np.int64)
    extents = np.ceil(high[order]) - corner
    extent = np.maximum(extents[:, 0], extents[:, 1])
    smaller = 0
    for size in TILE_SIZES:
        group = np.flatnonzero((extent > smaller) & (extent <= size))
        smaller = size
        _paint_group(ranks, edges, low=corner, group=group, size=size, width=width)
    pixels = np.flatnonzero(ranks >= 0)
    drawn = ranks[pixels]
    centres = np.stack([pixels % width + 0.5, pixels // width + 0.5, np.ones(len(pixels))], axis=1)
    weights = np.einsum("nij,nj->ni", edges[drawn], centres.astype(np.float32))
    return Coverage(pixels, order[drawn], np.clip(weights, 0, 1))


def _compute_boxes(corners: Floats) -> tuple[Floats, Floats]:
    """Least and greatest x and y of each triangle, [T, 2] each."""
    first, second, third = corners[:, 0], corners[:, 1], corners[:, 2]
    low = np.minimum(np.minimum(first, second), third)
    return low, np.maximum(np.maximum(first, second), third)


def _compute_edges(corners: Floats) -> tuple[Floats, Floats]:
    """Edge functions [T, 3, 3] (a, b, c of a x + b y + c) and twice the signed area [T]; edge i
    lies opposite corner i, so that edge / area is that corner's barycentric weight."""
    following, last = np.roll(corners, -1, axis=1), np.roll(corners, -2, axis=1)
    a = last[..., 1] - following[..., 1]
    b = following[..., 0] - last[..., 0]
    c = -(a * following[..., 0] + b * following[..., 1])
    edges = np.stack([a, b, c], axis=-1)  # [T, 3, 3]
    return edges, edges[..., 2].sum(axis=1)


def _paint_group(
    ranks: NDArray[np.int64],
    edges: Floats,
    *,
    low: NDArray[np.int64],
    group: NDArray[np.int64],
    size: int,
    width: int,
) -> None:
    """Writes each triangle's rank over the pixels of its size x size tile that it covers."""
    if len(group) == 0:
        return
    steps = np.arange(size)
    columns, rows = (low[group, axis, None] + steps for axis in (0, 1))  # [n, size]
    x, y = (columns + 0.5).astype(np.float32), (rows + 0.5).astype(np.float32)
    inside = np.ones((len(group), size, size), bool)  # [n, row, column]
    for edge in range(3):
        a, b, c = (edges[group, edge, k, None] for k in range(3))
        inside &= (b * y + c)[:, :, None] + (a * x)[:, None, :] >= -EDGE_SLACK
    found = np.flatnonzero(inside)
    which, within = np.divmod(found, size * size)
    column, row = low[group[which], 0] + within % size, low[group[which], 1] + within // size
    seen = (column >= 0) & (column < width) & (row >= 0) & (row < len(ranks) // width)
    np.maximum.at(ranks, (row * width + column)[seen], group[which][seen])
