"""Losses on pictures: AR-SPM's mix of MS-SSIM and L1, Cole's decoder, Speech2Face's pixel loss.

Pictures are [B, 3, H, W] in [0, 1]; sums of squares run in float32, outside autocast.
"""

import torch
from torch import Tensor
from torch.nn import functional

from models.layers import to_full_precision
from models.losses import compute_cosine_loss, compute_l1

ALPHA = 0.84  # Zhao et al. 2017
SIGMAS_PX = (0.5, 1.0, 2.0, 4.0, 8.0)  # Zhao's reference code: no down-sampling
RADIUS_PX = 16  # 33 taps
C1, C2 = 0.01**2, 0.03**2
# Cole et al. publish no weights (chosen, SPEC 3.4): pixels^2, [0, 1] and cosine.
LANDMARK_WEIGHT, TEXTURE_WEIGHT, IDENTITY_WEIGHT = 1.0, 100.0, 10.0


def compute_mix_loss(generated: Tensor, real: Tensor, *, alpha: float = ALPHA) -> Tensor:
    """L_image = alpha (1 - MS-SSIM) + (1 - alpha) G_8 * |x - y|, mean over pixels and channels.

    MS-SSIM is l at sigma 8 times the product of cs over the five sigmas, by pixel and channel.
    Reflecting borders: pictures need more than 16 pixels a side.
    """
    _check_pictures(generated, real)
    with torch.autocast(generated.device.type, enabled=False):
        generated, real = to_full_precision(generated), to_full_precision(real)
        loss = (1 - alpha) * _weigh_pixels((generated - real).abs()).mean()
        if alpha > 0:  # else MS-SSIM, nearly all of the work, is not computed
            loss = loss + alpha * (1 - compute_ms_ssim_map(generated, real)).mean()
        return loss.to(generated.dtype)


def compute_ms_ssim_map(generated: Tensor, real: Tensor) -> Tensor:
    """MS-SSIM by pixel and channel: [B, 3, H, W]; inputs float32 or float64."""
    x, y = generated, real
    mean_x, mean_y, product, power = (
        _blur(values)  # [B, 3, 5, H, W]
        for values in (x, y, x * y, x * x + y * y)
    )
    covariance = product - mean_x * mean_y
    variances = power - mean_x.square() - mean_y.square()
    contrast = (2 * covariance + C2) / (variances + C2)
    wide_x, wide_y = mean_x[:, :, -1], mean_y[:, :, -1]
    luminance = (2 * wide_x * wide_y + C1) / (wide_x.square() + wide_y.square() + C1)
    similarity: Tensor = luminance * contrast.prod(dim=2)
    return similarity


def compute_pixel_loss(generated: Tensor, real: Tensor) -> Tensor:
    """Speech2Face's pixel ablation: |x - y|_1 of a picture, mean over the batch.

    A sum over pixels as SPEC 7 row 16: Adam's epsilon of 1e-4 would swallow a mean's gradient.
    """
    _check_pictures(generated, real)
    return compute_l1(real, generated)


def compute_decoder_terms(
    *,
    landmarks: Tensor,
    target_landmarks: Tensor,
    texture: Tensor,
    target_texture: Tensor,
    rendered_feature: Tensor | None,
    feature: Tensor,
    identity_weight: float = IDENTITY_WEIGHT,
) -> dict[str, Tensor]:
    """Cole et al.: weighted terms; landmarks [B, 68, 2], textures [B, 3, H, W], features [B, D].

    MSE of the landmarks, MAE of the texture, negative cosine of the features: of the first of
    the batch where fewer were rendered, left out where none were.
    """
    texture_error = (to_full_precision(texture) - target_texture).abs().mean()
    landmark_error = (to_full_precision(landmarks) - target_landmarks).square().mean()
    terms = {
        "landmarks": LANDMARK_WEIGHT * landmark_error,
        "texture": TEXTURE_WEIGHT * texture_error,
    }
    if rendered_feature is not None:
        wanted = feature[: len(rendered_feature)]
        terms["identity"] = identity_weight * (compute_cosine_loss(wanted, rendered_feature) - 1)
    return terms


def _blur(maps: Tensor) -> Tensor:
    """[B, C, H, W] to [B, C, 5, H, W]: one Gaussian for each sigma, reflecting borders.

    Two matrix products: on a CPU three times as fast as convolutions.
    """
    # On a GPU float32 products may run in TF32, whose ten bits lose the variances.
    maps = maps.double() if maps.is_cuda else maps
    batch, channels, height, width = maps.shape
    num_sigmas = len(SIGMAS_PX)
    across = _build_blur_matrices(width, maps).flatten(0, 1).T  # [W, 5 * W]
    down = _build_blur_matrices(height, maps)  # [5, H, H]
    wide = (maps.reshape(-1, width) @ across).reshape(-1, height, num_sigmas, width)
    by_sigma = wide.permute(2, 1, 0, 3).reshape(num_sigmas, height, -1)  # [5, H, B * C * W]
    blurred = (down @ by_sigma).reshape(num_sigmas, height, batch, channels, width)
    return blurred.permute(2, 3, 0, 1, 4)  # [B, C, 5, H, W]


def _weigh_pixels(maps: Tensor) -> Tensor:
    """[B, C, H, W] whose mean is that of the maps blurred at sigma 8: each pixel times what it
    gives to the blurred picture."""
    down, across = (_build_blur_matrices(size, maps)[-1].sum(dim=0) for size in maps.shape[-2:])
    return maps * down[:, None] * across


def _build_blur_matrices(size: int, like: Tensor) -> Tensor:
    """[5, size, size]: row i gives the blurred value at i, in the dtype of `like`."""
    impulses = torch.eye(size, dtype=torch.float64, device=like.device)[:, None]
    padded = functional.pad(impulses, (RADIUS_PX, RADIUS_PX), mode="reflect")
    responses = functional.conv1d(padded, _build_kernels(like.device)[:, None])
    return responses.permute(1, 2, 0).to(like.dtype)  # [5, size, size]


def _build_kernels(device: torch.device) -> Tensor:
    """Gaussians of 33 taps, sum 1: [5, 33] float64."""
    offsets = torch.arange(-RADIUS_PX, RADIUS_PX + 1, dtype=torch.float64, device=device)
    sigmas = torch.tensor(SIGMAS_PX, dtype=torch.float64, device=device)[:, None]
    weights = torch.exp(-offsets.square() / (2 * sigmas.square()))
    return weights / weights.sum(dim=1, keepdim=True)


def _check_pictures(generated: Tensor, real: Tensor) -> None:
    if generated.shape != real.shape or generated.ndim != 4:
        shapes = f"{list(generated.shape)} and {list(real.shape)}"
        raise ValueError(f"pictures must be of one shape [B, C, H, W], got {shapes}")
