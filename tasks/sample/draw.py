"""Draws a sitter in a pose: moves the head's vertices, lights them and paints the triangles."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.sample.head import Floats, HeadBasis, HeadShape, compute_vertex_normals
from tasks.sample.paint import EYE_RADIUS_M, EYE_TEXELS, FACE_COLUMNS, Paint
from tasks.sample.raster import Coverage, rasterise

Image = NDArray[np.uint8]
SUPERSAMPLING = 2
CAMERA_DISTANCE_M = 1.6
NECK_BELOW_EYES_M, NECK_SOFTNESS_M = 0.17, 0.02
EYE_SHADE = 0.92


@dataclass(frozen=True)
class Sitter:
    basis: HeadBasis
    shape: HeadShape
    paint: Paint


@dataclass(frozen=True)
class Pose:
    """Angles in radians, facial actions in [0, 1] by their name in the basis."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    gaze: tuple[float, float] = (0.0, 0.0)
    actions: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """`eyes_at` is where the point between the eyes lies, as fractions of width and height;
    `eye_distance_px` is that of an average adult (0.062 m)."""

    width: int = 160
    height: int = 160
    eyes_at: tuple[float, float] = (0.5, 0.5)
    eye_distance_px: float = 33.0
    light: tuple[float, float, float] = (0.35, -1.0, 0.55)


def draw_frame(sitter: Sitter, pose: Pose, *, view: View, background: Image) -> Image:
    """[height, width, 3] uint8 RGB; `background` has SUPERSAMPLING times the view's size."""
    vertices = compute_posed_vertices(sitter, pose)
    normals = compute_vertex_normals(sitter.basis, vertices)
    vertices = vertices + normals * (sitter.paint.lift * sitter.shape.eye_distance_m)[:, None]
    points, depth = _project(vertices, sitter, view=view)
    image = background.copy()
    _draw_hair_behind(image, sitter, pose, view=view)
    colours = _shade(sitter, normals, light=view.light)
    triangles = sitter.basis.triangles
    height, width = image.shape[:2]
    coverage = rasterise(
        points[triangles], depth[triangles].mean(axis=1), width=width, height=height
    )
    texels = _aim_eyes(sitter, pose)
    image.reshape(-1, 3)[coverage.pixels] = _colour_pixels(sitter, coverage, colours, texels=texels)
    size = (view.width, view.height)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def compute_posed_vertices(sitter: Sitter, pose: Pose) -> Floats:
    """[V, 3] in metres: facial actions, then the head turned about the neck's top."""
    vertices = sitter.shape.vertices.copy()
    for name, amount in pose.actions.items():
        vertices += np.float32(amount) * sitter.basis.actions[name]
    turn, pivot = compute_rotation(pose), _get_pivot()
    turned = (vertices - pivot) @ turn.T + pivot
    above = (vertices[:, 2] + NECK_BELOW_EYES_M) / NECK_SOFTNESS_M
    share = (0.5 + 0.5 * np.tanh(above / 2))[:, None]  # 0 on the shoulders, 1 on the head
    return np.asarray(vertices * (1 - share) + turned * share, np.float32)


def compute_rotation(pose: Pose) -> Floats:
    """[3, 3]: roll about the line of sight after pitch after yaw."""
    (cy, cp, cr), (sy, sp, sr) = np.cos(_angles(pose)), np.sin(_angles(pose))
    yaw = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, 0, sr], [0, 1, 0], [-sr, 0, cr]])
    return np.asarray(roll @ pitch @ yaw, np.float32)


def _angles(pose: Pose) -> tuple[float, float, float]:
    return pose.yaw, pose.pitch, pose.roll


def _get_pivot() -> Floats:
    return np.array([0.0, 0.09, -0.03], np.float32)


def _project(vertices: Floats, sitter: Sitter, *, view: View) -> tuple[Floats, Floats]:
    """Pixels [V, 2] in the supersampled image and depth [V] in metres."""
    # Small heads are drawn a little larger than life, as cameras are set up closer to children.
    life = (0.062 / sitter.shape.eye_distance_m) ** 0.7
    scale = SUPERSAMPLING * view.eye_distance_px / 0.062 * life
    depth = CAMERA_DISTANCE_M + vertices[:, 1]
    factor = scale * CAMERA_DISTANCE_M / depth
    across = vertices[:, 0] * factor + SUPERSAMPLING * view.width * view.eyes_at[0]
    down = SUPERSAMPLING * view.height * view.eyes_at[1] - vertices[:, 2] * factor
    return np.stack([across, down], axis=1).astype(np.float32), depth


def _shade(sitter: Sitter, normals: Floats, *, light: tuple[float, float, float]) -> Floats:
    """Vertex colours [V, 3] under one lamp, a soft fill from the camera and a little gloss."""
    lamp = np.array(light, np.float32) / np.linalg.norm(light)
    halfway = lamp + np.array([0, -1, 0], np.float32)
    halfway /= np.linalg.norm(halfway)
    lit = 0.46 + 0.54 * np.clip(normals @ lamp, 0, 1) + 0.14 * np.clip(-normals[:, 1], 0, 1)
    lit[sitter.basis.eye] = EYE_SHADE
    gloss = 16 * sitter.paint.gloss * np.clip(normals @ halfway, 0, 1) ** 24
    return np.asarray(sitter.paint.colour * lit[:, None] + gloss[:, None], np.float32)


def _aim_eyes(sitter: Sitter, pose: Pose) -> Floats:
    """The paint's texels with each eyeball's part of the texture moved to where it looks."""
    texels = sitter.paint.texels.copy()
    for centre, side in zip(sitter.shape.eyes, (1, -1), strict=True):
        eyeball = sitter.basis.eye & (side * sitter.shape.vertices[:, 0] > 0)
        offset = (sitter.shape.vertices[eyeball] - centre)[:, (0, 2)] / EYE_RADIUS_M
        seen = (offset - np.sin(pose.gaze)) * (1, -1) / 2 + 0.5
        texels[eyeball] = np.clip(seen, 0.01, 0.99) * EYE_TEXELS + (FACE_COLUMNS, 0)
    return texels


def _colour_pixels(
    sitter: Sitter, coverage: Coverage, colours: Floats, *, texels: Floats
) -> NDArray[np.uint8]:
    """[N, 3]: vertex colours times texture, both interpolated over the triangle."""
    corners = sitter.basis.triangles[coverage.triangles]  # [N, 3]
    weights = coverage.weights[..., None]
    mixed = np.concatenate([colours, texels], axis=1)  # [V, 5]
    values = sum(weights[:, k] * mixed[corners[:, k]] for k in range(3))
    rows, columns, _ = sitter.paint.texture.shape
    column = np.clip(values[:, 3].astype(np.intp), 0, columns - 1)
    row = np.clip(values[:, 4].astype(np.intp), 0, rows - 1)
    painted = values[:, :3] * sitter.paint.texture[row, column]
    return np.asarray(np.clip(painted, 0, 255), np.uint8)


def _draw_hair_behind(image: Image, sitter: Sitter, pose: Pose, *, view: View) -> None:
    """Long hair and buns: ellipses behind the head, painted before it."""
    style = sitter.paint.style
    unit_m = sitter.shape.eye_distance_m
    hair = sitter.paint.colour[sitter.paint.hair > 0.9].mean(axis=0)
    shapes: list[tuple[float, float, float, float]] = []  # centre z, half width, half height, shade
    if style.curtain:
        middle = (1.55 - style.curtain) / 2 + 0.2
        shapes.append((middle, 1.55, (1.55 + style.curtain) / 2, 0.80))
        shapes.append((middle + 0.1, 1.35, (1.35 + style.curtain) / 2, 0.66))
    if style.bun:
        shapes.append((2.1, 0.62, 0.5, 0.85))
    turn, pivot = compute_rotation(pose), _get_pivot()
    for z, half_width, half_height, shade in shapes:
        place = np.array([[0, 1.6 * unit_m, z * unit_m]], np.float32)
        turned = np.asarray((place - pivot) @ turn.T + pivot, np.float32)
        (centre,), _ = _project(turned, sitter, view=view)
        ((left, _), (right, _)), _ = _project(
            np.array([[0, 0.1, 0], [unit_m, 0.1, 0]], np.float32), sitter, view=view
        )
        axes = (int((right - left) * half_width), int((right - left) * half_height))
        colour = tuple((hair * shade).tolist())
        where = (int(centre[0]), int(centre[1]))
        cv2.ellipse(image, where, axes, np.degrees(pose.roll), 0, 360, colour, -1, cv2.LINE_AA)


def locate_face(sitter: Sitter, pose: Pose, *, view: View) -> tuple[float, float]:
    """Centre of the face (brows to chin) as fractions of the picture's width and height."""
    x, y, z = sitter.basis.place.T
    front = (np.abs(x) < 0.9) & (y < 0.4) & (z < 0.6) & (z > -1.9)
    points, _ = _project(compute_posed_vertices(sitter, pose)[front], sitter, view=view)
    across, down = (points.min(axis=0) + points.max(axis=0)) / 2 / SUPERSAMPLING
    return float(across / view.width), float(down / view.height)
