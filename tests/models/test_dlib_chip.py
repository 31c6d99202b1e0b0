import dlib
import numpy as np
import pytest
import torch
from torch import Tensor

from models import dlib_chip
from models.dlib_chip import cut_chips, fit_chips, place_samples

SIZE = 480


def make_landmarks(*, scale: float, angle: float = 0.0) -> Tensor:
    """Whole pixels [1, 68, 2], as dlib's, of a face that is `scale` times as large as in a chip."""
    points = torch.zeros(68, 2, dtype=torch.float64)
    mean = torch.tensor((dlib_chip.MEAN_X, dlib_chip.MEAN_Y), dtype=torch.float64).T
    random = torch.Generator().manual_seed(0)
    bent = mean + 0.02 * torch.randn(mean.shape, generator=random, dtype=torch.float64)
    points[list(dlib_chip.POINTS)] = (bent - 0.5) * 100 * scale
    sine, cosine = np.sin(angle), np.cos(angle)
    turn = torch.tensor([(cosine, sine), (-sine, cosine)], dtype=torch.float64)
    return (points @ turn + SIZE / 2).round()[None]


def make_picture() -> np.ndarray:
    """Smooth colours, uint8 [480, 480, 3]: what is compared is where a sample is taken."""
    y, x = np.mgrid[:SIZE, :SIZE]
    waves = [np.sin(x / 31 + 1), np.cos(y / 23), np.sin((x + y) / 41)]
    return np.rint(127 + 110 * np.stack(waves, axis=2)).astype(np.uint8)


def cut_by_dlib(picture: np.ndarray, landmarks: Tensor) -> np.ndarray:
    points = [dlib.point(int(x), int(y)) for x, y in landmarks[0].tolist()]
    shape = dlib.full_object_detection(dlib.rectangle(0, 0, SIZE, SIZE), dlib.points(points))
    return np.asarray(dlib.get_face_chip(picture, shape, 150, 0.25))


@pytest.mark.parametrize("scale", [1.1, 1.5, 1.9])
@pytest.mark.parametrize("angle", [0.0, -0.3])
def test_chips_are_dlibs(scale: float, angle: float) -> None:
    picture, landmarks = make_picture(), make_landmarks(scale=scale, angle=angle)
    tensor = torch.tensor(picture).permute(2, 0, 1)[None].double()
    found = cut_chips(tensor, landmarks)[0].permute(1, 2, 0).numpy()
    errors = np.abs(found - cut_by_dlib(picture, landmarks))
    assert errors.mean() < 0.6  # dlib rounds down
    assert errors.max() < 2.5


def test_the_fit_gives_back_a_similarity() -> None:
    landmarks = torch.zeros(1, 68, 2, dtype=torch.float64)
    mean = torch.tensor((dlib_chip.MEAN_X, dlib_chip.MEAN_Y), dtype=torch.float64)
    x, y = 150 * (0.25 + mean) / 1.5
    landmarks[0, list(dlib_chip.POINTS)] = torch.stack((x - 2 * y + 7, 2 * x + y - 3), dim=1)
    a, b, shift = fit_chips(landmarks)
    torch.testing.assert_close(torch.stack((a, b), dim=1).tolist(), [[1.0, 2.0]])
    torch.testing.assert_close(shift.tolist(), [[7.0, -3.0]])


def test_beyond_the_picture_its_border_goes_on() -> None:
    chip = cut_chips(torch.ones(1, 3, 40, 40), make_landmarks(scale=1.0).float())
    torch.testing.assert_close(chip, torch.ones(1, 3, 150, 150))


def test_every_pixel_that_a_chip_shows_has_a_gradient() -> None:
    pictures = torch.zeros(1, 1, SIZE, SIZE, requires_grad=True)
    landmarks = make_landmarks(scale=1.9).float()
    cut_chips(pictures, landmarks).sum().backward()
    x, y = place_samples(landmarks)[0].unbind(2)
    assert pictures.grad is not None
    shown = pictures.grad[0, 0, int(y.min()) + 2 : int(y.max()), int(x.min()) + 2 : int(x.max())]
    assert (shown > 0).all()


def test_gradients_agree_with_finite_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dlib_chip, "SIZE_PX", 6)
    pictures = torch.rand(2, 1, 12, 12, dtype=torch.float64, requires_grad=True)
    landmarks = (2 + 8 * torch.rand(2, 68, 2, dtype=torch.float64)).requires_grad_()
    assert torch.autograd.gradcheck(cut_chips, (pictures, landmarks))
