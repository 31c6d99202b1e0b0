"""What a head is painted with: a texture seen from the front and smooth values per vertex.

The texture multiplies the vertex colours: left, the face by (x, z) of `HeadBasis.place`; right, one
eyeball and, below it, a patch of ones for all that has no detail (mouth, clothes).
Lengths below are eye distances from the point between the eyes; all numbers are chosen by eye.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.sample.head import Floats, HeadBasis
from tasks.sample.people import Face, Rgb

TEXELS_PER_UNIT = 90
TOP, BOTTOM, HALF_WIDTH = 2.3, -3.2, 1.8
FACE_ROWS = int((TOP - BOTTOM) * TEXELS_PER_UNIT)
FACE_COLUMNS = int(2 * HALF_WIDTH * TEXELS_PER_UNIT)
EYE_TEXELS = 128
EYE_RADIUS_M = 0.0155  # of the mesh's eyeballs
EYE_WHITE: Rgb = (238, 235, 230)
IRIS_SHARE, PUPIL_SHARE = 0.40, 0.17  # of the eyeball's radius


@dataclass(frozen=True)
class Hairstyle:
    """`line` lifts the hairline, `side` tilts it, `nape` is how far down the back hair reaches,
    `curtain` the length of hair hanging behind the head (all in eye distances)."""

    line: float = 0.0
    side: float = 0.0
    nape: float = -0.6
    thickness: float = 0.18
    curtain: float = 0.0
    bun: bool = False
    roughness: float = 0.0


HAIRSTYLES = {
    "crop": Hairstyle(line=0.08, thickness=0.05),
    "short": Hairstyle(thickness=0.17),
    "side": Hairstyle(side=0.28, line=-0.05, thickness=0.26),
    "fringe": Hairstyle(line=-0.36, nape=-1.5, thickness=0.26, curtain=1.9),
    "bob": Hairstyle(line=-0.05, nape=-1.5, thickness=0.30, curtain=1.9),
    "long": Hairstyle(side=0.12, nape=-1.6, thickness=0.26, curtain=3.4),
    "bun": Hairstyle(line=0.05, nape=-0.6, thickness=0.12, bun=True),
    "curly": Hairstyle(line=0.02, thickness=0.50, roughness=0.22),
    "receding": Hairstyle(line=0.38, thickness=0.10),
    "bald": Hairstyle(line=2.0, nape=-0.6, thickness=0.08),
}


@dataclass(frozen=True)
class Paint:
    """`colour` [V, 3] RGB 0-255; `hair` [V] in [0, 1]; `lift_m` [V] how far hair stands out;
    `gloss` [V]; `texture` [rows, columns, 3] factors; `texels` [V, 2] (column, row)."""

    colour: Floats
    hair: Floats
    lift: Floats
    gloss: Floats
    texture: Floats
    texels: Floats
    style: Hairstyle


def paint_head(basis: HeadBasis, face: Face, *, shirt: Rgb) -> Paint:
    rng = np.random.default_rng((face.seed, 10))
    style = HAIRSTYLES[face.hairstyle]
    hair = compute_hair_cover(basis, style)
    skin = _to_array(face.skin)
    colour = _mix(np.tile(skin, (len(hair), 1)), _make_lip_colour(face), weight=basis.lips)
    colour = _mix(colour, _to_array(shirt), weight=_compute_shirt_cover(basis))
    strands = 1 + 0.10 * rng.standard_normal((len(hair), 1)).astype(np.float32)
    colour = _mix(colour, np.asarray(_to_array(face.hair) * strands, np.float32), weight=hair)
    colour[basis.mouth > 0.9] = (92, 30, 32)
    colour[basis.eye] = EYE_WHITE
    rough = 1 + style.roughness * rng.standard_normal(len(hair)).astype(np.float32)
    crown = 0.55 + 0.45 * _rise(basis.place[:, 2], 0.6, width=0.3)
    return Paint(
        colour=colour,
        hair=hair,
        lift=hair * style.thickness * crown * rough,
        gloss=np.where(basis.eye, 0.0, 1 - hair).astype(np.float32) * (1 - basis.mouth),
        texture=make_texture(face),
        texels=compute_texels(basis),
        style=style,
    )


def compute_hair_cover(basis: HeadBasis, style: Hairstyle) -> Floats:
    """[V] in [0, 1]: 1 where hair grows, falling off smoothly at the hairline."""
    x, y, z = basis.place.T
    across = np.abs(x)
    line = 0.80 + 0.30 * np.cos(1.3 * np.minimum(across, 1.6)) + style.line + style.side * x
    front = _rise(z, line, width=0.035)
    back = _rise(y, 0.75, width=0.08) * _rise(z, style.nape, width=0.08)
    back *= _rise(0.75, z, width=0.15) if style.line > 1 else 1
    temple = _rise(across, 1.08, width=0.03) * _rise(y, 0.40, width=0.06)
    temple *= _rise(z, -0.15, width=0.05)
    cover = np.maximum(np.maximum(front, back), temple)
    skin_only = basis.eye | (basis.mouth > 0.1) | (basis.ears > 0.5) | (basis.head < 0.5)
    return np.where(skin_only, 0, cover).astype(np.float32)


def compute_texels(basis: HeadBasis) -> Floats:
    """[V, 2]: column and row of each vertex; eyes get theirs in each frame, from the gaze."""
    x, _, z = basis.place.T
    columns = (np.clip(x, -HALF_WIDTH, HALF_WIDTH) + HALF_WIDTH) * TEXELS_PER_UNIT
    rows = (TOP - np.clip(z, BOTTOM, TOP)) * TEXELS_PER_UNIT
    texels = np.stack([columns, rows], axis=1)
    bare = (basis.mouth > 0.9) | (_compute_shirt_cover(basis) > 0.5)
    texels[bare] = (FACE_COLUMNS + EYE_TEXELS / 2, EYE_TEXELS + 16)
    return texels.astype(np.float32)


def make_texture(face: Face) -> Floats:
    """[FACE_ROWS, FACE_COLUMNS + EYE_TEXELS, 3], factors around 1."""
    rng = np.random.default_rng((face.seed, 11))
    texture = np.ones((FACE_ROWS, FACE_COLUMNS + EYE_TEXELS, 3), np.float32)
    skin = texture[:, :FACE_COLUMNS]
    skin *= _make_pores(rng, amount=0.025 + 0.03 * face.wrinkles)[..., None]
    skin += _make_blush()[..., None] * np.array([0.03, -0.06, -0.05], np.float32)
    skin *= 1 - 0.30 * face.wrinkles * _draw_wrinkles()[..., None]
    hair = np.asarray(0.9 * (_to_array(face.hair) / _to_array(face.skin)), np.float32)
    brows = 0.85 * _draw_brows(heavy=face.femininity < 0.5)
    beard = face.beard * _make_beard(rng)
    for cover in (brows, beard):
        skin[:] = _mix(skin, hair, weight=cover)
    texture[:EYE_TEXELS, FACE_COLUMNS:] = _draw_eye(face)
    return texture


def _make_lip_colour(face: Face) -> Floats:
    red = (0.86, 0.52, 0.52) if face.femininity > 0.5 else (0.90, 0.66, 0.64)
    return np.asarray(_to_array(face.skin) * _to_array(red) + 6, np.float32)


def _compute_shirt_cover(basis: HeadBasis) -> Floats:
    x, _, z = basis.place.T
    neckline = -2.30 - 0.50 * np.exp(-((x / 1.3) ** 2))
    return np.asarray(_rise(neckline, z, width=0.02) * (basis.head < 0.5), np.float32)


def _make_pores(rng: np.random.Generator, *, amount: float) -> Floats:
    pores = np.ones((FACE_ROWS, FACE_COLUMNS), np.float32)
    for blur_texels, share in ((1.5, 0.8), (6.0, 1.0), (25.0, 1.0)):
        white = rng.standard_normal(pores.shape).astype(np.float32)
        noise = cv2.GaussianBlur(white, (0, 0), blur_texels)
        pores += amount * share * noise / noise.std()
    return pores


def _make_blush() -> Floats:
    x, z = _make_grid()
    cheeks = np.exp(-((np.abs(x) - 0.72) ** 2 + (z + 0.60) ** 2) / 0.10)
    nose = 0.5 * np.exp(-(x**2 + (z + 0.55) ** 2) / 0.03)
    return np.asarray(cheeks + nose, np.float32)


def _draw_brows(*, heavy: bool) -> Floats:
    x, z = _make_grid()
    across = np.clip((np.abs(x) - 0.15) / 0.75, 0, 1)
    arch = 0.34 + 0.10 * np.sin(np.pi * across)
    half_height = (0.085 if heavy else 0.055) * (1.15 - 0.75 * across)
    inside = _rise(np.abs(x), 0.16, width=0.015) * _rise(0.93, np.abs(x), width=0.015)
    return np.asarray(np.exp(-(((z - arch) / half_height) ** 4)) * inside, np.float32)


def _make_beard(rng: np.random.Generator) -> Floats:
    """Chin, jaw and moustache without the lips (which lie in |x| < 0.37, z from -1.32 to -0.98)."""
    x, z = _make_grid()
    across = np.abs(x)
    jaw = _rise(-0.45 - 0.85 * _rise(0.72, across, width=0.18), z, width=0.12)
    moustache = _rise(0.42, across, width=0.04) * np.exp(-(((z + 0.92) / 0.075) ** 4))
    grown = np.maximum(jaw * _rise(z, -2.1, width=0.08), moustache)
    mottle = 0.85 + 0.15 * rng.standard_normal(x.shape)
    return np.clip(grown * mottle, 0, 1).astype(np.float32)


def _draw_wrinkles() -> Floats:
    """Forehead lines, crow's feet, bags under the eyes, folds from nose to mouth: 1 on the line."""
    x, lines = np.linspace(-0.75, 0.75, 30), []
    for height in (0.66, 0.82, 0.98):
        lines.append(np.stack([x, height + 0.03 * np.cos(5 * x)], axis=1))
    t = np.linspace(0, 1, 12)
    for side in (-1, 1):
        lines.append(np.stack([side * (0.30 + 0.24 * t**0.8), -0.55 - 0.62 * t], axis=1))
        lines.append(np.stack([side * (0.25 + 0.5 * t), -0.28 - 0.10 * np.sin(np.pi * t)], axis=1))
        for slope in (-0.5, 0.0, 0.5):
            lines.append(np.stack([side * (0.88 + 0.2 * t), 0.2 * slope + 0.2 * slope * t], axis=1))
    drawn: Floats = np.zeros((FACE_ROWS, FACE_COLUMNS), np.float32)
    corner = np.array([-HALF_WIDTH, TOP])
    texels = [(line - corner) * (1, -1) * TEXELS_PER_UNIT for line in lines]
    cv2.polylines(drawn, [line.astype(np.int32) for line in texels], False, 1.0, 5, cv2.LINE_8)
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), 1.8), np.float32)


def _draw_eye(face: Face) -> Floats:
    """The eyeball from the front, its full width EYE_TEXELS: white, iris, pupil, highlight."""
    steps = (np.arange(EYE_TEXELS) + 0.5) / (EYE_TEXELS / 2) - 1
    across, down = np.meshgrid(steps, steps)
    radius = np.hypot(across, down)
    iris = np.asarray(_to_array(face.iris) / _to_array(EYE_WHITE), np.float32)
    eye = np.ones((EYE_TEXELS, EYE_TEXELS, 3), np.float32)
    eye = _mix(eye, iris, weight=_rise(IRIS_SHARE, radius, width=0.015))
    eye = _mix(eye, np.float32(0.05), weight=_rise(PUPIL_SHARE, radius, width=0.015))
    highlight = np.hypot(across + 0.14, down + 0.16)
    return _mix(eye, np.float32(1.05), weight=_rise(0.07, highlight, width=0.02))


def _to_array(colour: Rgb) -> Floats:
    return np.array(colour, np.float32)


def _make_grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """x and z at every texel of the face part, in eye distances."""
    x = (np.arange(FACE_COLUMNS) + 0.5) / TEXELS_PER_UNIT - HALF_WIDTH
    z = TOP - (np.arange(FACE_ROWS) + 0.5) / TEXELS_PER_UNIT
    across, up = np.meshgrid(x, z)
    return across, up


def _rise(value: object, edge: object, *, width: float) -> NDArray[np.float64]:
    """A smooth step from 0 (value below edge) to 1 (above)."""
    return np.asarray(0.5 + 0.5 * np.tanh((np.asarray(value) - np.asarray(edge)) / width))


def _mix(below: Floats, above: Floats | np.float32, *, weight: NDArray[np.floating]) -> Floats:
    share = np.asarray(weight, np.float32)[..., None]
    return np.asarray(below * (1 - share) + above * share, np.float32)
