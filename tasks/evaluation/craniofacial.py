"""Twelve measures of faces from 68 landmarks (SPEC 5.4, S2F Fig. 5c).

The measures of two sets of pictures of the same people are compared by Pearson's r.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tasks.evaluation.scores import Floats

Doubles = npt.NDArray[np.float64]
Alignment = Literal["frame", "eyes"]
ALIGNMENTS: tuple[Alignment, ...] = ("frame", "eyes")

# Published r of decoder pictures from faces against those from voices, n = 1,000, all p < 0.001.
PUBLISHED: Mapping[str, float] = {
    "upper_lip_height": 0.16,
    "lateral_upper_lip_heights": 0.26,
    "jaw_width": 0.11,
    "nose_height": 0.14,
    "nose_width": 0.35,
    "labio_oral_region": 0.17,
    "mandibular_index": 0.20,
    "intercanthal_index": 0.21,
    "nasal_index": 0.38,
    "vermilion_height_index": 0.29,
    "mouth_face_width_index": 0.20,
    "nose_area": 0.28,
}
MEASURES = tuple(PUBLISHED)
NUM_PUBLISHED = 1000
# The published random baseline: nasal index over shuffled pairs.
PUBLISHED_SHUFFLED = 0.02
SHUFFLED_MEASURE = "nasal_index"
# An index over fewer pixels is noise: the face has none (SPEC 5.4).
MIN_DENOMINATOR_PX = 1.0
# Where the eyes' centres (mean of six points) come to lie: half of a 224 px picture apart, as wide
# as where the authors' decoder draws them, so that pixels stay pixels (chosen).
EYE_DISTANCE_PX = 56.0
RIGHT_EYE, LEFT_EYE = slice(36, 42), slice(42, 48)
NOSE_OUTLINE = (27, 31, 32, 33, 34, 35)


@dataclass(frozen=True)
class JawPoints:
    """Which of the 68 points stand for gonion and zygion, right and left."""

    name: str
    gonion: tuple[int, int]
    zygion: tuple[int, int]


# SPEC 5.4: ours, and that of public code. Both are reported.
JAW_POINTS = (JawPoints("4/12, 1/15", (4, 12), (1, 15)), JawPoints("5/11, 2/14", (5, 11), (2, 14)))


def align_by_eyes(landmarks: Floats) -> Doubles:
    """Landmarks [N, 68, 2] turned and scaled so that the eyes lie level, EYE_DISTANCE_PX apart.

    Faces whose eyes fall together become NaN.
    """
    points = landmarks.astype(np.float64)
    right, left = points[:, RIGHT_EYE].mean(axis=1), points[:, LEFT_EYE].mean(axis=1)
    across = (left - right) @ np.array([1, 1j])  # [N]
    turn = np.divide(
        EYE_DISTANCE_PX, across, out=np.full(len(points), np.nan + 0j), where=np.abs(across) > 0
    )
    moved = ((points - right[:, None]) @ np.array([1, 1j])) * turn[:, None]  # [N, 68]
    return np.stack([moved.real, moved.imag], axis=-1)  # [N, 68, 2]


def measure_faces(
    landmarks: Floats, *, jaw: JawPoints = JAW_POINTS[0], alignment: Alignment = "frame"
) -> dict[str, Doubles]:
    """The twelve measures [N] of landmarks [N, 68, 2] in pixels; NaN where one is not to be had.

    `alignment` "frame" takes pixels as they are, as S2F did: the decoder draws all faces in one
    frame. Measured on the authors' pictures, it is what gives the published r; "eyes" takes the
    differences of size out and gives larger ones (jaw width 0.43 for 0.11).
    """
    points = align_by_eyes(landmarks) if alignment == "eyes" else landmarks.astype(np.float64)
    stomion = (points[:, 62] + points[:, 66]) / 2  # [N, 2]

    def span(first: int | Doubles, second: int | Doubles) -> Doubles:
        left, right = (points[:, end] if isinstance(end, int) else end for end in (first, second))
        return np.asarray(np.linalg.norm(left - right, axis=1), np.float64)

    jaw_width, face_width = span(*jaw.gonion), span(*jaw.zygion)
    nose_height, nose_width, mouth_width = span(27, 33), span(31, 35), span(48, 54)
    values = (
        span(33, stomion),
        (span(32, 50) + span(34, 52)) / 2,
        jaw_width,
        nose_height,
        nose_width,
        mouth_width,
        divide(span(stomion, 8), jaw_width),
        divide(span(39, 42), span(36, 45)),
        divide(nose_width, nose_height),
        divide(span(51, stomion), span(stomion, 57)),
        divide(mouth_width, face_width),
        compute_area(points[:, NOSE_OUTLINE]),
    )
    return dict(zip(MEASURES, values, strict=True))


def divide(numerator: Doubles, denominator_px: Doubles) -> Doubles:
    """NaN where the denominator is below MIN_DENOMINATOR_PX."""
    is_large = denominator_px >= MIN_DENOMINATOR_PX
    ratio: Doubles = np.divide(
        numerator, denominator_px, out=np.full(len(numerator), np.nan), where=is_large
    )
    return ratio


def compute_area(outline: Doubles) -> Doubles:
    """Area [N] inside polygons [N, K, 2]."""
    x, y = outline[..., 0], outline[..., 1]
    twice = x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)
    area: Doubles = np.abs(twice.sum(axis=1)) / 2
    return area
