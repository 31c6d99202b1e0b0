"""Normalised faces after Cole et al. 2017: people's mean shapes and colours (SPEC 3.4).

Pictures are float32 [B, 3, 224, 224] in [0, 1], landmarks [B, 68, 2] (x, y) in their pixels.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.spline_warp import warp_pictures
from tasks.face.align import CROP_PX, Similarity, fit_similarity, select_five_points

EYE_LINE_PX = 0.4 * CROP_PX  # height of the eyes in the picture, chosen
POOLED = 4  # textures are compared at a quarter of their size


@dataclass(frozen=True)
class NormalisedFaces:
    """Landmarks [P, 68, 2] of P people, textures uint8 [P, 3, 224, 224] on the shape
    `mean_landmarks` [68, 2]."""

    people: list[str]
    landmarks: Tensor
    textures: Tensor
    mean_landmarks: Tensor


def align_eyes(
    picture: Tensor, landmarks: NDArray[np.float32], *, eyes_px: float
) -> tuple[Tensor, Tensor]:
    """Picture [3, 224, 224] and landmarks [68, 2], with the eyes level and `eyes_px` apart."""
    eyes = select_five_points(landmarks)[:2]
    middle = (CROP_PX - 1) / 2
    targets = np.array([(middle - eyes_px / 2, EYE_LINE_PX), (middle + eyes_px / 2, EYE_LINE_PX)])
    transform = fit_similarity(eyes, targets)
    moved = apply_similarity(transform, landmarks)
    return _resample(picture, transform), torch.from_numpy(moved.astype(np.float32))


def apply_similarity(transform: Similarity, points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Points [N, 2] moved."""
    x, y = points.astype(np.float64).T
    return np.stack(
        [
            transform.a * x - transform.b * y + transform.tx,
            transform.b * x + transform.a * y + transform.ty,
        ],
        axis=1,
    )


def _resample(picture: Tensor, transform: Similarity) -> Tensor:
    """Bilinear; beyond the crop its border pixels go on: stored crops have no margin."""
    square = transform.scale**2
    a, b = transform.a / square, transform.b / square
    steps = torch.arange(CROP_PX, dtype=torch.float32)
    u, v = steps[None, :] - transform.tx, steps[:, None] - transform.ty
    places = torch.stack((a * u + b * v, a * v - b * u), dim=2)  # [H, W, 2] source pixels
    grid = 2 * places / (CROP_PX - 1) - 1
    sampled = functional.grid_sample(
        picture[None], grid[None], padding_mode="border", align_corners=True
    )
    return sampled[0]


def average_people(
    pictures: Tensor,
    landmarks: Tensor,
    *,
    owners: list[str],
    mean_landmarks: Tensor | None = None,
) -> NormalisedFaces:
    """Each person's pictures uint8, warped to the person's mean landmarks and averaged; then to
    `mean_landmarks` [68, 2], by default the mean shape of these people."""
    people = sorted(set(owners))
    numbers = torch.tensor([people.index(name) for name in owners])
    shapes = torch.stack(
        [landmarks[numbers == number].mean(dim=0) for number in range(len(people))]
    )
    mean_shape = shapes.mean(dim=0) if mean_landmarks is None else mean_landmarks
    textures = torch.empty(len(people), *pictures.shape[1:], dtype=torch.uint8)
    for number, shape in enumerate(shapes):
        own = numbers == number
        warped = warp_pictures(
            pictures[own].float() / 255, source_points=landmarks[own], target_points=shape
        )
        average = warped.mean(dim=0, keepdim=True)
        texture = warp_pictures(average, source_points=shape, target_points=mean_shape)
        textures[number] = to_bytes(texture[0])
    return NormalisedFaces(people, shapes, textures, mean_shape)


def to_bytes(pictures: Tensor) -> Tensor:
    """[0, 1] to uint8."""
    return (pictures * 255).round().clamp(0, 255).to(torch.uint8)


def find_neighbours(faces: NormalisedFaces, *, count: int, landmark_weight: float) -> Tensor:
    """The `count` people most like each one, [P, K], by lambda |L_A - L_B| + |T_A - T_B|.

    Norms are Euclidean, over pixels and over colours in [0, 1] (chosen).
    """
    shapes = faces.landmarks.flatten(1)  # [P, 136]
    pooled = functional.avg_pool2d(faces.textures.float() / 255, POOLED)
    textures = POOLED * pooled.flatten(1)  # [P, T]
    distances = landmark_weight * torch.cdist(shapes, shapes) + torch.cdist(textures, textures)
    distances.fill_diagonal_(float("inf"))
    return distances.argsort(dim=1)[:, : min(count, len(distances) - 1)]
