"""Wen et al. 2018, "Disjoint mapping network for cross-modal matching" (DIMNet); SPEC 6.2."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor, nn

from models.voice2face import VoiceEmbedding

Covariate = Literal["identity", "gender", "nationality"]

VARIANTS: Mapping[str, tuple[Covariate, ...]] = MappingProxyType(
    {
        "I": ("identity",),
        "G": ("gender",),
        "N": ("nationality",),
        "IG": ("identity", "gender"),
        "IN": ("identity", "nationality"),
        "GN": ("gender", "nationality"),
        "IGN": ("identity", "gender", "nationality"),
    }
)
STAGE_WIDTHS = (64, 128, 256, 512)  # stride 2 each (chosen)
STAGE_BLOCKS = (1, 2, 4, 1)  # residual pairs, as SphereFace-20 (chosen)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a skip: [B, C, H, W] to the same shape."""

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_build_stage(num_channels, num_channels, stride=1),
            *_build_stage(num_channels, num_channels, stride=1),
        )

    def forward(self, maps: Tensor) -> Tensor:
        change: Tensor = self.body(maps)
        return maps + change


class FaceNetwork(nn.Module):
    """[B, 3, 128, 128] (or 64 x 64, as WEN) to [B, 64]."""

    def __init__(self, *, widths: Sequence[int] = STAGE_WIDTHS, embedding_dim: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        num_in = 3
        for num_out, num_blocks in zip(widths, STAGE_BLOCKS, strict=True):
            layers += _build_stage(num_in, num_out, stride=2)
            layers += [ResidualBlock(num_out) for _ in range(num_blocks)]
            num_in = num_out
        self.features = nn.Sequential(*layers)
        self.fc = nn.Linear(num_in, embedding_dim)

    def forward(self, faces: Tensor) -> Tensor:
        pooled = self.features(faces).mean(dim=(2, 3))  # [B, 512]
        embeddings: Tensor = self.fc(pooled)
        return embeddings  # [B, 64]


class DimNet(nn.Module):
    """A voice and a face network into one space, and linear classifiers which both share.

    `num_classes`: classes by covariate name, as `choose_covariates` gives them.
    """

    def __init__(
        self,
        num_classes: Mapping[Covariate, int],
        *,
        face_widths: Sequence[int] = STAGE_WIDTHS,
        voice_channels: Sequence[int] = (256, 384, 576, 864),
        embedding_dim: int = 64,
    ) -> None:
        super().__init__()
        if not num_classes:
            raise ValueError("num_classes must name at least one covariate")
        self.voice = VoiceEmbedding(channels=voice_channels, embedding_dim=embedding_dim)
        self.face = FaceNetwork(widths=face_widths, embedding_dim=embedding_dim)
        # Bias-free, as the heads of WEN (chosen): what matters is the angle.
        self.heads = nn.ModuleDict()
        for name, count in num_classes.items():
            self.heads[name] = nn.Linear(embedding_dim, count, bias=False)

    def forward(self, logmels: Tensor, faces: Tensor) -> dict[str, Tensor]:
        """Logits [V + F, N] by covariate: voices [V, 64, T] first, then faces [F, 3, H, W]."""
        return self.classify(torch.cat((self.voice(logmels), self.face(faces))))

    def classify(self, embeddings: Tensor) -> dict[str, Tensor]:
        """[B, 64] of either modality to logits [B, N] by covariate."""
        return {name: head(embeddings) for name, head in self.heads.items()}


def choose_covariates(
    variant: str, *, num_classes: Mapping[Covariate, int]
) -> dict[Covariate, int]:
    """Classes of the covariates that a DIMNet variant ("I" to "IGN") is trained on."""
    if variant not in VARIANTS:
        raise ValueError(f"variant must be one of {', '.join(VARIANTS)}; got {variant!r}")
    return {name: num_classes[name] for name in VARIANTS[variant]}


def _build_stage(num_in: int, num_out: int, *, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(num_in, num_out, 3, stride=stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(num_out), nn.PReLU(num_out)]
