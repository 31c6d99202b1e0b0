"""Against scipy filters and the printed formulas in float64."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d

from models.image_losses import (
    compute_decoder_terms,
    compute_mix_loss,
    compute_ms_ssim_map,
    compute_pixel_loss,
)


def blur(plane: np.ndarray, sigma: float) -> np.ndarray:
    taps = np.array([math.exp(-((k / sigma) ** 2) / 2) for k in range(-16, 17)])
    taps /= taps.sum()
    return correlate1d(correlate1d(plane, taps, axis=0, mode="mirror"), taps, 1, mode="mirror")


def take_ms_ssim(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    product = np.ones_like(x)
    for sigma in (0.5, 1, 2, 4, 8):
        mx, my = blur(x, sigma), blur(y, sigma)
        vx, vy = blur(x * x, sigma) - mx**2, blur(y * y, sigma) - my**2
        vxy = blur(x * y, sigma) - mx * my
        product *= (2 * vxy + 0.03**2) / (vx + vy + 0.03**2)
    return product * (2 * mx * my + 0.01**2) / (mx**2 + my**2 + 0.01**2)


@pytest.fixture
def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    real = torch.rand(2, 3, 40, 36, dtype=torch.float64)
    noise = 0.2 * torch.rand(2, 3, 40, 36, dtype=torch.float64)
    return (real + noise).clamp(0, 1), real


def test_ms_ssim_by_pixel_and_channel(pictures):
    found = compute_ms_ssim_map(*pictures).numpy()
    assert found.shape == (2, 3, 40, 36)
    for item in range(2):
        for channel in range(3):
            x, y = (picture[item, channel].numpy() for picture in pictures)
            np.testing.assert_allclose(found[item, channel], take_ms_ssim(x, y), atol=1e-10)


@pytest.mark.parametrize("alpha", [0.84, 0.0, 1.0])
def test_mix_loss(pictures, alpha):
    planes = [picture.flatten(0, 1).numpy() for picture in pictures]
    pairs = list(zip(*planes, strict=True))
    dissimilarity = np.mean([1 - take_ms_ssim(x, y).mean() for x, y in pairs])
    smoothed = np.mean([blur(np.abs(x - y), 8).mean() for x, y in pairs])
    wanted = alpha * dissimilarity + (1 - alpha) * smoothed
    assert compute_mix_loss(*pictures, alpha=alpha).item() == pytest.approx(wanted, rel=1e-9)


def test_equal_pictures_cost_nothing(pictures):
    assert compute_mix_loss(pictures[1], pictures[1]).item() == pytest.approx(0, abs=1e-12)


def test_single_precision_and_autocast_agree(pictures):
    wanted = compute_mix_loss(*pictures).item()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = compute_mix_loss(pictures[0].float(), pictures[1].float())
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(wanted, rel=1e-4)


def test_gradient_of_the_mix_loss():
    real = torch.rand(1, 1, 18, 18, dtype=torch.float64)
    generated = (real + 0.1 + 0.1 * torch.rand_like(real)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: compute_mix_loss(x, real), (generated,))


def test_pixel_loss_is_a_sum_over_pixels(pictures):
    wanted = np.mean([np.abs((x - y).numpy()).sum() for x, y in zip(*pictures, strict=True)])
    assert compute_pixel_loss(*pictures).item() == pytest.approx(wanted)


def test_decoder_terms():
    landmarks, other_landmarks = torch.randn(2, 2, 68, 2, dtype=torch.float64)
    texture, other_texture = torch.rand(2, 2, 3, 8, 8, dtype=torch.float64)
    feature, rendered = torch.randn(2, 2, 6, dtype=torch.float64)
    terms = compute_decoder_terms(
        landmarks=landmarks,
        target_landmarks=other_landmarks,
        texture=texture,
        target_texture=other_texture,
        rendered_feature=rendered,
        feature=feature,
    )
    cosines = [
        a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        for a, b in zip(feature.numpy(), rendered.numpy(), strict=True)
    ]
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(
        {
            "landmarks": float(((landmarks - other_landmarks).numpy() ** 2).mean()),
            "texture": 100 * float(np.abs((texture - other_texture).numpy()).mean()),
            "identity": -10 * float(np.mean(cosines)),
        }
    )


def test_shapes_have_to_agree():
    with pytest.raises(ValueError, match=r"got \[1, 3, 20, 20\] and \[1, 3, 20, 21\]"):
        compute_mix_loss(torch.zeros(1, 3, 20, 20), torch.zeros(1, 3, 20, 21))
