"""Woo et al. 2018, CBAM: channel attention, then spatial attention."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.layers import check_choice

CbamVariant = Literal["cbam", "ar_spm"]


class Cbam(nn.Module):
    """[B, C, H, W] to the same shape.

    "cbam" is the CBAM authors' module; "ar_spm" is that of the public code of AR-SPM: reduction
    4, a 3x3 spatial convolution with bias and no BN, mean before maximum (SPEC 3.7).
    """

    def __init__(self, num_channels: int, *, variant: CbamVariant = "cbam") -> None:
        super().__init__()
        check_choice("variant", variant, allowed=("cbam", "ar_spm"))
        self.variant = variant
        hidden = max(1, num_channels // (16 if variant == "cbam" else 4))
        self.channel = nn.Sequential(
            nn.Linear(num_channels, hidden), nn.ReLU(), nn.Linear(hidden, num_channels)
        )
        self.spatial = _build_spatial(variant)

    def forward(self, maps: Tensor) -> Tensor:
        weighted = maps * self._compute_channel_weights(maps)
        return weighted * self._compute_spatial_weights(weighted)

    def _compute_channel_weights(self, maps: Tensor) -> Tensor:
        mean, maximum = maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))  # [B, C] each
        weights: Tensor = torch.sigmoid(self.channel(mean) + self.channel(maximum))  # [B, C]
        return weights[:, :, None, None]  # [B, C, 1, 1]

    def _compute_spatial_weights(self, maps: Tensor) -> Tensor:
        mean, maximum = maps.mean(dim=1), maps.amax(dim=1)  # [B, H, W] each
        order = (maximum, mean) if self.variant == "cbam" else (mean, maximum)
        return functional.sigmoid(self.spatial(torch.stack(order, dim=1)))  # [B, 1, H, W]


def _build_spatial(variant: CbamVariant) -> nn.Module:
    if variant == "ar_spm":
        return nn.Conv2d(2, 1, 3, padding=1)
    norm = nn.BatchNorm2d(1, eps=1e-5, momentum=0.01)
    return nn.Sequential(nn.Conv2d(2, 1, 7, padding=3, bias=False), norm)
