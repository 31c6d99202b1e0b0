import numpy as np
import pytest

from tasks.sample.raster import rasterise

WIDTH, HEIGHT = 40, 30
CLOCKWISE = [[2.1, 3.3], [35.2, 6.4], [11.3, 27.1]]  # on screen, y downwards: no back face


def get_orientation() -> np.ndarray:
    """The triangle's corners in the order that faces the camera."""
    corners = np.array([CLOCKWISE], np.float32)
    seen = rasterise(corners, np.zeros(1, np.float32), width=WIDTH, height=HEIGHT)
    return corners if len(seen.pixels) else corners[:, ::-1]


def find_inside(corners: np.ndarray) -> set[int]:
    """Pixels whose centre lies in the triangle, one by one in float64."""
    found = set()
    a, b, c = corners.astype(np.float64)
    to_weights = np.linalg.inv(np.stack([b - a, c - a], axis=1))
    for row in range(HEIGHT):
        for column in range(WIDTH):
            u, v = to_weights @ (np.array([column + 0.5, row + 0.5]) - a)
            if min(u, v, 1 - u - v) >= 0:
                found.add(row * WIDTH + column)
    return found


@pytest.mark.parametrize("shift", [(0, 0), (-15, 4), (20, -12), (200, 0)])
def test_a_triangle_covers_the_pixels_whose_centres_it_holds(shift: tuple[int, int]) -> None:
    corners = get_orientation() + np.array(shift, np.float32)
    seen = rasterise(corners, np.zeros(1, np.float32), width=WIDTH, height=HEIGHT)
    assert set(seen.pixels.tolist()) == find_inside(corners[0])


def test_weights_give_the_pixel_back() -> None:
    corners = get_orientation()
    seen = rasterise(corners, np.zeros(1, np.float32), width=WIDTH, height=HEIGHT)
    centres = seen.weights @ corners[0]
    np.testing.assert_allclose(centres[:, 0], seen.pixels % WIDTH + 0.5, atol=1e-3)
    np.testing.assert_allclose(centres[:, 1], seen.pixels // WIDTH + 0.5, atol=1e-3)


def test_the_nearer_triangle_stays_and_back_faces_are_left_out() -> None:
    corners = np.concatenate([get_orientation()] * 2 + [get_orientation()[:, ::-1]])
    depth = np.array([1.0, 2.0, 0.5], np.float32)
    seen = rasterise(corners, depth, width=WIDTH, height=HEIGHT)
    assert set(seen.triangles.tolist()) == {0}
