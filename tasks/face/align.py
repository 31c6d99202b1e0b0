"""Crops of a face: 224×224 for S2F and ARS (SPEC 2.4), aligned 64×64 for WEN (SPEC 2.3)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.face.boxes import Box, Picture, resize_box

CROP_PX = 224
ALIGNED_PX = 64
# Eyes, nose tip, mouth corners (x, y) in pixels of the 64×64 picture, measured on the ten pictures
# that came with the official code of WEN (SPEC 2.3, "recommended template").
TEMPLATE_64 = ((21.9, 29.5), (41.5, 29.4), (32.0, 41.0), (22.5, 48.0), (40.5, 48.0))

ROUNDING = 1e-6  # of a fit's scale; keeps a scale of 1 at one sample a pixel


@dataclass(frozen=True)
class Similarity:
    """x' = a·x - b·y + tx, y' = b·x + a·y + ty: rotation, scale and shift, never a reflection."""

    a: float
    b: float
    tx: float
    ty: float

    @property
    def scale(self) -> float:
        return float(np.hypot(self.a, self.b))


def crop_face_224(frame: Picture, box: Box) -> Picture:
    """`box` of `frame` [H, W, 3] without margin, uint8 [224, 224, 3].

    Bicubic, as the public code of ARS (SPEC 2.4 leaves it open), with Pillow's wider kernel where
    the face is larger than 224 px. Where the box leaves the frame, the border pixels go on.
    """
    return resize_box(frame, box, size=(CROP_PX, CROP_PX), resample=Image.Resampling.BICUBIC)


def map_to_crop(landmarks: NDArray[np.float32], box: Box) -> NDArray[np.float32]:
    """Landmarks [68, 2] in frame pixels to pixels of the 224×224 crop of `box`."""
    edges, sides = np.array([box.left, box.top]), np.array([box.width, box.height])
    # Landmarks are whole numbers at pixel centres, box edges between pixels.
    moved: NDArray[np.float64] = (landmarks + 0.5 - edges) * CROP_PX / sides - 0.5
    return moved.astype(np.float32)


def select_five_points(landmarks: NDArray[np.float32]) -> NDArray[np.float64]:
    """Eye centres, nose tip, mouth corners [5, 2] of 68 points in iBUG order (SPEC 2.3)."""
    eyes = landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)
    return np.stack([*eyes, landmarks[30], landmarks[48], landmarks[54]]).astype(np.float64)


def fit_similarity(points: NDArray[np.float64], targets: NDArray[np.float64]) -> Similarity:
    """Least squares from `points` [N, 2] to `targets` [N, 2] (SPEC 2.3), in closed form."""
    point_mean, target_mean = points.mean(axis=0), targets.mean(axis=0)
    (x, y), (u, v) = (points - point_mean).T, (targets - target_mean).T
    spread = float(np.sum(x * x + y * y))
    if spread == 0.0:
        raise ValueError("all points are the same")
    a, b = float(np.sum(x * u + y * v)) / spread, float(np.sum(x * v - y * u)) / spread
    tx = target_mean[0] - a * point_mean[0] + b * point_mean[1]
    ty = target_mean[1] - b * point_mean[0] - a * point_mean[1]
    return Similarity(a, b, float(tx), float(ty))


def align_face_64(frame: Picture, landmarks: NDArray[np.float32]) -> Picture:
    """Warps `frame` [H, W, 3] so that the five points fall on TEMPLATE_64; uint8 [64, 64, 3].

    Bilinear (SPEC 2.3). One sample a pixel would alias where the face is much larger, so a pixel is
    the mean of a grid of samples no more than a frame pixel apart. Beyond the frame its border
    pixels go on.
    """
    transform = fit_similarity(select_five_points(landmarks), np.array(TEMPLATE_64))
    num_samples = max(1, int(np.ceil(1 / transform.scale - ROUNDING)))
    x, y = _place_samples(transform, num_samples)
    samples = sample_bilinear(frame, x, y)  # [64 n, 64 n, 3]
    grid = samples.reshape(ALIGNED_PX, num_samples, ALIGNED_PX, num_samples, 3)  # [64, n, 64, n, 3]
    colours: NDArray[np.float32] = grid.mean(axis=(1, 3))  # [64, 64, 3]
    return np.rint(colours).astype(np.uint8)


def _place_samples(
    transform: Similarity, num_samples: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frame coordinates x, y [64 n, 64 n] of n×n samples a pixel, spread evenly over it."""
    steps = (np.arange(ALIGNED_PX * num_samples) + 0.5) / num_samples - 0.5
    u, v = np.meshgrid(steps - transform.tx, steps - transform.ty)
    square = transform.scale**2
    a, b = transform.a / square, transform.b / square
    return a * u + b * v, a * v - b * u


def sample_bilinear(
    frame: Picture, x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Colours [..., 3] at x, y [...]; pixel centres are whole numbers, borders are replicated."""
    x, y = x.clip(0, frame.shape[1] - 1), y.clip(0, frame.shape[0] - 1)
    left, top = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    right = np.minimum(left + 1, frame.shape[1] - 1)
    bottom = np.minimum(top + 1, frame.shape[0] - 1)
    across = (x - left).astype(np.float32)[..., None]
    down = (y - top).astype(np.float32)[..., None]
    upper = frame[top, left] * (1 - across) + frame[top, right] * across
    lower = frame[bottom, left] * (1 - across) + frame[bottom, right] * across
    colours: NDArray[np.float32] = upper * (1 - down) + lower * down
    return colours
