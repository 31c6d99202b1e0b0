import numpy as np
import pytest
import torch

from tasks.face.normalise import (
    EYE_LINE_PX,
    NormalisedFaces,
    align_eyes,
    average_people,
    find_neighbours,
)


def make_landmarks(tilt_deg: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """Points around (112, 112); both eyes 30 px from the middle before turning."""
    random = np.random.default_rng(0)
    points = random.uniform(-80, 80, (68, 2))
    points[36:42] = (-30, -20)
    points[42:48] = (30, -20)
    turn = np.radians(tilt_deg)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return (scale * points @ matrix.T + 112).astype(np.float32)


@pytest.mark.parametrize("tilt_deg", [0.0, 17.0])
def test_eyes_are_level_and_as_far_apart_as_asked(tilt_deg: float) -> None:
    landmarks = make_landmarks(tilt_deg, 1.2)
    _, moved = align_eyes(torch.rand(3, 224, 224), landmarks, eyes_px=55.0)
    left, right = moved[36:42].mean(dim=0), moved[42:48].mean(dim=0)
    assert float(right[0] - left[0]) == pytest.approx(55, abs=1e-3)
    assert left[1] == pytest.approx(EYE_LINE_PX, abs=1e-3)
    assert right[1] == pytest.approx(EYE_LINE_PX, abs=1e-3)
    assert float(left[0] + right[0]) / 2 == pytest.approx(111.5, abs=1e-3)


def test_the_picture_moves_with_its_landmarks() -> None:
    landmarks = make_landmarks(10.0)
    picture = torch.zeros(3, 224, 224)
    x, y = np.round(landmarks[30]).astype(int)
    picture[:, y - 3 : y + 4, x - 3 : x + 4] = 1
    aligned, moved = align_eyes(picture, landmarks, eyes_px=50.0)
    weights = aligned[0] / aligned[0].sum()
    steps = torch.arange(224.0)
    found = (weights.sum(dim=0) @ steps, weights.sum(dim=1) @ steps)
    assert found == pytest.approx(moved[30].tolist(), abs=0.6)


def test_people_are_averaged_over_their_pictures() -> None:
    shape = torch.from_numpy(make_landmarks())
    pictures = torch.stack([torch.full((3, 224, 224), value) for value in (10, 30, 200)])
    faces = average_people(
        pictures.to(torch.uint8), torch.stack([shape, shape, shape]), owners=["b", "b", "a"]
    )
    assert faces.people == ["a", "b"]
    assert faces.textures[0].unique().tolist() == [200]
    assert faces.textures[1].unique().tolist() == [20]
    torch.testing.assert_close(faces.mean_landmarks, shape)


def test_neighbours_by_shape_and_colour() -> None:
    shapes = torch.zeros(3, 68, 2)
    shapes[2] = 1.0
    textures = torch.zeros(3, 3, 224, 224, dtype=torch.uint8)
    textures[1] = 255
    faces = NormalisedFaces(["a", "b", "c"], shapes, textures, shapes[0])
    by_shape = find_neighbours(faces, count=2, landmark_weight=1e4)
    assert by_shape.tolist() == [[1, 2], [0, 2], [0, 1]]
    assert find_neighbours(faces, count=9, landmark_weight=0.0)[0].tolist() == [2, 1]
