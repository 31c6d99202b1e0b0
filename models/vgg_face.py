"""Parkhi, Vedaldi, Zisserman 2015, VGG-Face; state keys of `vgg_face_dag.pth`."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.layers import check_choice

Features = Literal["pre_relu", "post_relu"]
InputScale = Literal["mean", "unit"]

BLOCK_LENGTHS = (2, 2, 3, 3, 3)
INPUT_STD = 64.0  # about that of prepared faces, chosen
MEAN_RGB = (129.186279, 104.762382, 93.593964)  # of 0-255, dag weights, SPEC 3.3


class VggFace(nn.Module):
    """Prepared faces [B, 3, 224, 224] to fc7 [B, 4096]; `classify` maps fc7 to identities.

    fc7 comes before its ReLU unless `features` says otherwise (SPEC 3.3, row 14 of section 7).
    """

    def __init__(
        self,
        *,
        conv_widths: Sequence[int] = (64, 128, 256, 512, 512),
        hidden_dim: int = 4096,
        feature_dim: int = 4096,
        num_identities: int = 2622,
        image_size: int = 224,
        features: Features = "pre_relu",
    ) -> None:
        super().__init__()
        check_choice("features", features, allowed=("pre_relu", "post_relu"))
        if len(conv_widths) != len(BLOCK_LENGTHS):
            raise ValueError(f"conv_widths must name 5 widths, got {list(conv_widths)}")
        if image_size % 32 or image_size <= 0:
            raise ValueError(f"image_size must be a multiple of 32, got {image_size}")
        self.features = features
        num_in = 3
        for block, num_out in enumerate(conv_widths, start=1):
            for name in _name_convolutions(block):
                self.add_module(name, nn.Conv2d(num_in, num_out, 3, padding=1))
                num_in = num_out
        self.fc6 = nn.Linear(num_in * (image_size // 32) ** 2, hidden_dim)
        self.fc7 = nn.Linear(hidden_dim, feature_dim)
        self.fc8 = nn.Linear(feature_dim, num_identities)

    def forward(self, faces: Tensor) -> Tensor:
        maps = faces
        for block in range(1, len(BLOCK_LENGTHS) + 1):
            for name in _name_convolutions(block):
                maps = functional.relu(self.get_submodule(name)(maps))
            maps = functional.max_pool2d(maps, 2)
        flat = maps.flatten(1)  # [B, C*H*W], channels first
        hidden = functional.dropout(functional.relu(self.fc6(flat)), 0.5, self.training)
        fc7: Tensor = self.fc7(hidden)  # [B, D]
        return functional.relu(fc7) if self.features == "post_relu" else fc7

    def classify(self, features: Tensor) -> Tensor:
        """f_VGG(v) = W8 ReLU(v) + b8: [B, D] to logits [B, N]."""
        rectified = functional.dropout(functional.relu(features), 0.5, self.training)
        logits: Tensor = self.fc8(rectified)
        return logits  # [B, N]


@torch.no_grad()
def draw_initial_weights(network: VggFace) -> None:
    """He's initial weights: sixteen layers without normalisation do not learn from smaller ones.

    The paper draws from a Gaussian of deviation 0.01, shallow networks first; this needs one run.
    """
    for name, values in network.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(values)
        else:
            nn.init.kaiming_normal_(values, nonlinearity="relu")
        if name == "conv1_1.weight":
            values.mul_(1 / INPUT_STD)
    nn.init.normal_(network.fc8.weight, std=0.01)


def prepare_faces(faces: Tensor, *, input_scale: InputScale = "mean") -> Tensor:
    """RGB [B, 3, H, W] in [0, 1] to what the network reads: 0-255 minus the mean colour.

    "unit" leaves [0, 1] as it is, as the public code of AR-SPM does: for comparison only.
    """
    check_choice("input_scale", input_scale, allowed=("mean", "unit"))
    if input_scale == "unit":
        return faces
    mean = torch.tensor(MEAN_RGB, device=faces.device, dtype=faces.dtype)
    return faces * 255 - mean[:, None, None]


def _name_convolutions(block: int) -> list[str]:
    return [f"conv{block}_{index}" for index in range(1, BLOCK_LENGTHS[block - 1] + 1)]
