"""The face decoder (FD) of AR-SPM, Table 2 repaired to reach 224 x 224 (SPEC 3.6)."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.cbam import Cbam
from models.layers import check_choice, scale_widths

DecoderVariant = Literal["repaired", "code"]

CODE_DIM = 1000
BASE_SIZE = 7
# (width, stride) of each transposed convolution. "repaired" gives CT4 stride 2: as printed, four
# strided layers end at 112. "code" has the two rows of 128 that the printed table lost.
PLANS: dict[DecoderVariant, tuple[tuple[int, int], ...]] = {
    "repaired": (
        *((512, 2), (512, 1), (512, 1)),
        *((512, 2), (512, 1)),
        *((256, 2), (256, 1), (256, 1)),
        *((64, 2), (64, 1)),
        (32, 2),
    ),
    "code": (
        *((512, 2), (512, 1), (512, 1), (512, 1), (512, 1)),
        *((256, 2), (256, 1), (256, 1)),
        *((128, 2), (128, 1)),
        *((64, 2), (64, 1)),
        (32, 2),
    ),
}
BASE_WIDTH = 512
CBAM_AFTER = 5  # layers of "repaired"; the table does not place it (chosen)


class FaceDecoder(nn.Module):
    """Face feature [B, D] to a picture [B, 3, 224, 224].

    "repaired": sigmoid at the end, [0, 1]. "code" (the authors' public code): 3x3 kernels, CBAM
    before the first and after the last transposed convolution, no sigmoid. `width` scales the
    maps, `code_dim` is the size of Fc1's output.
    """

    def __init__(
        self,
        *,
        feature_dim: int = 4096,
        code_dim: int = CODE_DIM,
        width: float = 1.0,
        variant: DecoderVariant = "repaired",
    ) -> None:
        super().__init__()
        check_choice("variant", variant, allowed=PLANS)
        (self.base_width,) = scale_widths((BASE_WIDTH,), width)
        self.variant = variant
        self.fc1 = nn.Linear(feature_dim, code_dim)
        self.fc2 = nn.Linear(code_dim, self.base_width * BASE_SIZE**2)
        self.upsampling = _build_upsampling(variant, num_in=self.base_width, width=width)
        self.last_conv = nn.Conv2d(scale_widths((PLANS[variant][-1][0],), width)[0], 3, 1)

    def compute_code(self, features: Tensor) -> Tensor:
        """D_Fc1 of the loss, before its ReLU: [B, D] to [B, 1000] (SPEC 4.3)."""
        code: Tensor = self.fc1(features)
        return code

    def forward(self, features: Tensor) -> Tensor:
        code = functional.relu(self.compute_code(features))
        flat = functional.relu(self.fc2(code))
        size = (self.base_width, BASE_SIZE, BASE_SIZE)
        maps = flat.reshape(-1, *size)  # [B, 512, 7, 7]
        picture: Tensor = self.last_conv(self.upsampling(maps))  # [B, 3, 224, 224]
        return torch.sigmoid(picture) if self.variant == "repaired" else picture


def _build_upsampling(variant: DecoderVariant, *, num_in: int, width: float) -> nn.Sequential:
    kernel = 5 if variant == "repaired" else 3
    layers: list[nn.Module] = [] if variant == "repaired" else [Cbam(num_in, variant="ar_spm")]
    for index, (full_width, stride) in enumerate(PLANS[variant], start=1):
        (num_out,) = scale_widths((full_width,), width)
        layers += _build_stage(num_in, num_out, kernel=kernel, stride=stride)
        if variant == "repaired" and index == CBAM_AFTER:
            layers.append(Cbam(num_out))
        num_in = num_out
    if variant == "code":
        layers.append(Cbam(num_in, variant="ar_spm"))
    return nn.Sequential(*layers)


def _build_stage(num_in: int, num_out: int, *, kernel: int, stride: int) -> list[nn.Module]:
    convolution = nn.ConvTranspose2d(
        num_in,
        num_out,
        kernel,
        stride=stride,
        padding=kernel // 2,
        output_padding=stride - 1,
    )
    return [convolution, nn.BatchNorm2d(num_out), nn.ReLU()]
