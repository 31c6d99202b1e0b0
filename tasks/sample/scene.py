"""Where a recording takes place: background, light, clothes and the camera's view of the sitter."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from tasks.sample.draw import SUPERSAMPLING, Image, View
from tasks.sample.people import Rgb

BACKGROUNDS = ("wall", "window", "shelves", "lights", "curtain")


@dataclass(frozen=True)
class Scene:
    view: View
    background: Image  # SUPERSAMPLING times the view's size
    shirt: Rgb


def draw_scene(rng: np.random.Generator, view: View | None = None) -> Scene:
    """A new room; `view` fixes the frame's size and the face's, else those of a close-up."""
    base = view or View(eye_distance_px=float(rng.uniform(31, 35)))
    across, down = base.eyes_at
    seen = replace(
        base,
        eyes_at=(across + rng.uniform(-0.03, 0.03), down + rng.uniform(-0.02, 0.02)),
        light=(rng.uniform(-0.8, 0.8), -1.0, rng.uniform(0.2, 0.9)),
    )
    size = (SUPERSAMPLING * seen.height, SUPERSAMPLING * seen.width)
    red, green, blue = rng.uniform(25, 215, 3).tolist()
    return Scene(seen, draw_background(rng, size), shirt=(red, green, blue))


def draw_background(rng: np.random.Generator, size: tuple[int, int]) -> Image:
    """[height, width, 3]: one of BACKGROUNDS in random colours, out of focus."""
    height, width = size
    top, bottom = rng.uniform(60, 210, 3), rng.uniform(50, 190, 3)
    fall = np.linspace(0, 1, height)[:, None, None]
    wall = np.broadcast_to(top * (1 - fall) + bottom * fall, (height, width, 3))
    picture: Image = np.ascontiguousarray(wall, np.uint8)
    kind = BACKGROUNDS[int(rng.integers(len(BACKGROUNDS)))]
    if kind == "window":
        _draw_window(picture, rng)
    elif kind == "shelves":
        _draw_shelves(picture, rng)
    elif kind == "lights":
        _draw_lights(picture, rng)
    elif kind == "curtain":
        folds = 18 * np.sin(np.arange(width) * rng.uniform(0.05, 0.12))
        picture = np.clip(picture + folds[None, :, None], 0, 255).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), height / 80), np.uint8)


def _draw_window(picture: Image, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    left = int(rng.uniform(-0.1, 0.7) * width)
    corner = (left, int(0.05 * height))
    opposite = (left + int(0.4 * width), int(rng.uniform(0.5, 0.7) * height))
    cv2.rectangle(picture, corner, opposite, rng.uniform(200, 245, 3).tolist(), -1)
    cv2.rectangle(picture, corner, opposite, rng.uniform(60, 200, 3).tolist(), height // 30)


def _draw_shelves(picture: Image, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    for bottom in range(height // 4, height, height // 4):
        left = 0
        while left < width:
            right = left + int(rng.uniform(0.03, 0.09) * width)
            top = bottom - int(rng.uniform(0.12, 0.2) * height)
            colour = rng.uniform(40, 200, 3).tolist()
            cv2.rectangle(picture, (left, top), (right, bottom), colour, -1)
            left = right


def _draw_lights(picture: Image, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    picture //= 2
    for _ in range(14):
        where = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        radius = int(rng.uniform(0.02, 0.07) * height)
        cv2.circle(picture, where, radius, rng.uniform(110, 230, 3).tolist(), -1, cv2.LINE_AA)
