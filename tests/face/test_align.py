import numpy as np
import pytest

from tasks.face.align import (
    TEMPLATE_64,
    align_face_64,
    crop_face_224,
    fit_similarity,
    map_to_crop,
    sample_bilinear,
    select_five_points,
)
from tasks.face.boxes import Box


def spread_landmarks(five: np.ndarray) -> np.ndarray:
    """68 landmarks of which the five points are `five` [5, 2]; the others are far away."""
    landmarks = np.full((68, 2), 1e4, np.float32)
    landmarks[36:42], landmarks[42:48] = five[0], five[1]
    landmarks[30], landmarks[48], landmarks[54] = five[2:]
    return landmarks


def place_face(scale: float, angle: float, shift: tuple[float, float]) -> np.ndarray:
    """The template scaled, turned and shifted, as five points of a frame."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * np.array(TEMPLATE_64) @ turn.T + shift


def make_ramp(height: int, width: int) -> np.ndarray:
    """Red grows by 2 a column, green by 1 a row."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns * 2, rows, rows * 0], axis=2).astype(np.uint8)


def test_five_points_of_ibug_68():
    landmarks = np.arange(136, dtype=np.float32).reshape(68, 2)
    wanted = [(77, 78), (89, 90), (60, 61), (96, 97), (108, 109)]
    np.testing.assert_allclose(select_five_points(landmarks), wanted)


def test_the_fit_is_the_least_squares_solution():
    rng = np.random.default_rng(1)
    for _ in range(20):
        points, targets = rng.normal(50, 20, (5, 2)), rng.normal(30, 10, (5, 2))
        rows = [row for x, y in points for row in ((x, -y, 1, 0), (y, x, 0, 1))]
        wanted, *_ = np.linalg.lstsq(np.array(rows), targets.ravel(), rcond=None)
        fit = fit_similarity(points, targets)
        np.testing.assert_allclose((fit.a, fit.b, fit.tx, fit.ty), wanted, rtol=1e-9, atol=1e-9)


def test_a_quarter_turn_and_a_doubling_by_hand():
    points = np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
    targets = np.array([(3.0, 4.0), (3.0, 6.0), (1.0, 4.0)])
    fit = fit_similarity(points, targets)
    np.testing.assert_allclose((fit.a, fit.b, fit.tx, fit.ty), (0, 2, 3, 4), atol=1e-12)
    assert fit.scale == 2


def test_a_mirrored_face_is_not_mirrored_back():
    template = np.array(TEMPLATE_64)
    mirrored = template * (-1, 1)
    fit = fit_similarity(mirrored, template)
    moved = mirrored @ np.array([[fit.a, fit.b], [-fit.b, fit.a]]) + (fit.tx, fit.ty)
    assert np.abs(moved - template).max() > 5


def test_points_in_one_place_are_refused():
    with pytest.raises(ValueError, match="same"):
        fit_similarity(np.ones((5, 2)), np.array(TEMPLATE_64))


def test_a_face_that_lies_on_the_template_is_copied():
    frame = np.random.default_rng(0).integers(0, 256, (100, 120, 3), dtype=np.uint8)
    aligned = align_face_64(frame, spread_landmarks(place_face(1.0, 0.0, (20, 30))))
    assert aligned.dtype == np.uint8
    np.testing.assert_array_equal(aligned, frame[30:94, 20:84])


@pytest.mark.parametrize("scale", [0.4, 1.0, 1.7, 2.6])
@pytest.mark.parametrize("angle", [0.0, 0.35])
def test_colours_come_from_where_the_template_says(scale, angle):
    # On a ramp bilinear samples and means of them are exact: a pixel's colour is its position.
    shift = (40.0, 20.0) if scale < 1 else (70.0, 10.0)
    frame = make_ramp(256, 127)
    aligned = align_face_64(frame, spread_landmarks(place_face(scale, angle, shift)))
    rows, columns = np.mgrid[:64, :64]
    x = scale * (np.cos(angle) * columns - np.sin(angle) * rows) + shift[0]
    y = scale * (np.sin(angle) * columns + np.cos(angle) * rows) + shift[1]
    inside = (x > 3) & (x < 123) & (y > 3) & (y < 252)
    assert inside.sum() > 500
    assert np.abs(aligned[..., 0] - 2 * x)[inside].max() <= 0.51
    assert np.abs(aligned[..., 1] - y)[inside].max() <= 0.51


def test_strong_reduction_does_not_alias():
    frame = np.zeros((700, 700, 3), np.uint8)
    frame[::2] = 255
    aligned = align_face_64(frame, spread_landmarks(place_face(9.37, 0.0, (20, 20))))
    assert np.abs(aligned.astype(int) - 127).max() < 30


def test_bilinear_samples_by_hand_and_beyond_the_border():
    frame = np.array([[[0], [100]], [[20], [40]]], np.uint8).repeat(3, axis=2)
    x, y = np.array([0.25, 0.5, -3.0, 9.0]), np.array([0.0, 0.5, 0.5, 9.0])
    np.testing.assert_allclose(sample_bilinear(frame, x, y)[:, 0], (25, 40, 10, 40))


def test_the_crop_is_the_box_and_nothing_more():
    frame = np.zeros((300, 400, 3), np.uint8)
    frame[50:150, 100:200] = (10, 200, 90)
    crop = crop_face_224(frame, Box(100, 50, 200, 150))
    assert (crop.shape, crop.dtype) == ((224, 224, 3), np.uint8)
    assert (crop == (10, 200, 90)).all()


def test_a_crop_of_224_pixels_is_exact_also_beyond_the_border():
    frame = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    np.testing.assert_array_equal(
        crop_face_224(frame, Box(30, 40, 254, 264)), frame[40:264, 30:254]
    )
    beyond = crop_face_224(frame, Box(-24, 150, 200, 374))
    np.testing.assert_array_equal(beyond[:150, 24:], frame[150:, :200])
    np.testing.assert_array_equal(beyond[:150, :24], frame[150:, :1].repeat(24, axis=1))
    np.testing.assert_array_equal(beyond[150:, 24:], frame[299:, :200].repeat(74, axis=0))


def test_landmarks_in_the_crop():
    box = Box(100, 50, 212, 162)
    # The box's first pixel centre (100, 50) lies half a frame pixel, one crop pixel, inside.
    points = np.array([(100, 50), (211, 161), (155.5, 105.5)], np.float32)
    wanted = [(0.5, 0.5), (222.5, 222.5), (111.5, 111.5)]
    np.testing.assert_allclose(map_to_crop(points, box), wanted)
