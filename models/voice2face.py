"""Wen, Singh, Raj 2019, "Face reconstruction from voice using generative adversarial networks".

State keys of the voice embedding and the generator are those of the authors' released weights.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Generator as RandomGenerator
from torch import Tensor, nn
from torch.nn import functional

from models.layers import check_choice

Kernels = Literal["code", "paper"]
LastLayer = Literal["code", "paper"]

KERNEL_SIZES = {"code": 4, "paper": 3}  # up- and down-convolutions, SPEC 4.1
NOISE_STD = 0.05  # per component, official code
MIN_RANGE = 1e-5  # keeps a flat picture from a division by 0


class VoiceEmbedding(nn.Module):
    """F_e: log-mel [B, 64, T] to a mean over time [B, 64]; any T.

    `last_layer`: the fifth convolution is bare in the code, BN and ReLU follow it in Table 2.
    """

    def __init__(
        self,
        *,
        num_mels: int = 64,
        channels: Sequence[int] = (256, 384, 576, 864),
        embedding_dim: int = 64,
        last_layer: LastLayer = "code",
    ) -> None:
        super().__init__()
        check_choice("last_layer", last_layer, allowed=("code", "paper"))
        layers: list[nn.Module] = []
        for num_in, num_out in pairwise((num_mels, *channels)):
            layers += _build_voice_stage(num_in, num_out)
        if last_layer == "code":
            layers.append(nn.Conv1d(channels[-1], embedding_dim, 3, stride=2, padding=1))
        else:
            layers += _build_voice_stage(channels[-1], embedding_dim)
        self.model = nn.Sequential(*layers)

    def forward(self, logmels: Tensor) -> Tensor:
        steps: Tensor = self.model(logmels)  # [B, D, T/32]
        return steps.mean(dim=2)  # [B, D]


def _build_voice_stage(num_in: int, num_out: int) -> list[nn.Module]:
    convolution = nn.Conv1d(num_in, num_out, 3, stride=2, padding=1, bias=False)
    return [convolution, nn.BatchNorm1d(num_out), nn.ReLU()]


class Generator(nn.Module):
    """F_g: embedding [B, 64] to a picture [B, 3, 64, 64], about [-1, 1], not clamped.

    The paper's 3x3 kernels reach 64 pixels only with output padding 1.
    """

    def __init__(
        self,
        *,
        embedding_dim: int = 64,
        channels: Sequence[int] = (1024, 512, 256, 128, 64),
        kernels: Kernels = "code",
    ) -> None:
        super().__init__()
        check_choice("kernels", kernels, allowed=KERNEL_SIZES)
        layers: list[nn.Module] = [nn.ConvTranspose2d(embedding_dim, channels[0], 4), nn.ReLU()]
        for num_in, num_out in pairwise(channels):
            layers += [_build_upsampling(num_in, num_out, kernels=kernels), nn.ReLU()]
        layers.append(nn.ConvTranspose2d(channels[-1], 3, 1))
        self.model = nn.Sequential(*layers)

    def forward(self, embeddings: Tensor) -> Tensor:
        pictures: Tensor = self.model(embeddings[:, :, None, None])
        return pictures  # [B, 3, 64, 64]


def _build_upsampling(num_in: int, num_out: int, *, kernels: Kernels) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(
        num_in,
        num_out,
        KERNEL_SIZES[kernels],
        stride=2,
        padding=1,
        output_padding=0 if kernels == "code" else 1,
    )


class FaceEmbedding(nn.Module):
    """The trunk that discriminator and classifier share: [B, 3, 64, 64] to [B, 64].

    `last_layer`: LeakyReLU follows the last convolution in Table 2, nothing in the code.
    """

    def __init__(
        self,
        *,
        channels: Sequence[int] = (32, 64, 128, 256, 512),
        embedding_dim: int = 64,
        kernels: Kernels = "code",
        last_layer: LastLayer = "code",
    ) -> None:
        super().__init__()
        check_choice("kernels", kernels, allowed=KERNEL_SIZES)
        check_choice("last_layer", last_layer, allowed=("code", "paper"))
        size = KERNEL_SIZES[kernels]
        layers: list[nn.Module] = [nn.Conv2d(3, channels[0], 1), nn.LeakyReLU(0.2)]
        for num_in, num_out in pairwise(channels):
            layers += [nn.Conv2d(num_in, num_out, size, stride=2, padding=1), nn.LeakyReLU(0.2)]
        layers.append(nn.Conv2d(channels[-1], embedding_dim, 4))
        if last_layer == "paper":
            layers.append(nn.LeakyReLU(0.2))
        self.model = nn.Sequential(*layers)

    def forward(self, pictures: Tensor) -> Tensor:
        embeddings: Tensor = self.model(pictures)  # [B, D, 1, 1]
        return embeddings.flatten(1)  # [B, D]


class DiscriminatorHead(nn.Module):
    """Real or generated: embedding [B, D] to logits [B]; bias-free, as the code."""

    def __init__(self, *, embedding_dim: int = 64) -> None:
        super().__init__()
        self.model = nn.Linear(embedding_dim, 1, bias=False)

    def forward(self, embeddings: Tensor) -> Tensor:
        logits: Tensor = self.model(embeddings)  # [B, 1]
        return logits.squeeze(1)  # [B]


class IdentityHead(nn.Module):
    """Who (or, with 2 classes, which gender): [B, D] to logits [B, N]; bias-free, as the code."""

    def __init__(self, num_classes: int, *, embedding_dim: int = 64) -> None:
        super().__init__()
        self.model = nn.Linear(embedding_dim, num_classes, bias=False)

    def forward(self, embeddings: Tensor) -> Tensor:
        logits: Tensor = self.model(embeddings)
        return logits  # [B, N]


def normalise_embeddings(embeddings: Tensor) -> Tensor:
    """[B, D] to unit length, as at inference."""
    return functional.normalize(embeddings, dim=1)


def perturb_embeddings(
    embeddings: Tensor, *, noise_std: float = NOISE_STD, random: RandomGenerator | None = None
) -> Tensor:
    """Unit length, Gaussian noise, unit length again, as in training (official code)."""
    unit = normalise_embeddings(embeddings)
    noise = torch.randn(unit.shape, generator=random, device=unit.device, dtype=unit.dtype)
    return normalise_embeddings(unit + noise_std * noise)


def stretch_pictures(pictures: Tensor) -> Tensor:
    """Generator output [B, 3, H, W] to [0, 1] by each picture's own range over all of RGB.

    The ten released pictures show exactly this (SPEC 3.1).
    """
    clamped = pictures.clamp(-1, 1)
    low = clamped.amin(dim=(1, 2, 3), keepdim=True)  # [B, 1, 1, 1]
    high = clamped.amax(dim=(1, 2, 3), keepdim=True)  # [B, 1, 1, 1]
    return (clamped - low) / (high - low).clamp_min(MIN_RANGE)
