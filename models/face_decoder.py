"""Cole et al. 2017, "Synthesizing normalized faces from facial identity features", as Oh et al.
2019 use it: a face feature becomes landmarks and a texture, and the texture is warped to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.spline_warp import warp_pictures

CODE_DIM = 1000  # Oh et al. 2019, section 3
LANDMARK_WIDTHS = (512, 256)  # unpublished (chosen), SPEC 3.4
TEXTURE_WIDTHS = (256, 128, 64, 32, 32)  # max(256 / 2^i, 32)
BASE_SIZE = 14


@dataclass(frozen=True)
class DecodedFace:
    """`picture` and `texture` [B, 3, 224, 224] in [0, 1]; `landmarks` [B, 68, 2] (x, y) pixels."""

    picture: Tensor
    landmarks: Tensor
    texture: Tensor


class FaceDecoder(nn.Module):
    """Face feature [B, D] to a frontal, neutral face of 16 * `base_size` pixels.

    `mean_landmarks`: mean shape of the training faces, (x, y) pixels: the texture is drawn on
    it, and the landmark branch starts from it. It is part of the saved state.
    """

    mean_landmarks: Tensor

    def __init__(
        self,
        mean_landmarks: Sequence[Sequence[float]],
        *,
        feature_dim: int = 4096,
        code_dim: int = CODE_DIM,
        landmark_widths: Sequence[int] = LANDMARK_WIDTHS,
        texture_widths: Sequence[int] = TEXTURE_WIDTHS,
        base_size: int = BASE_SIZE,
    ) -> None:
        super().__init__()
        shape = torch.tensor(mean_landmarks, dtype=torch.float32)
        if shape.ndim != 2 or shape.shape[1] != 2:
            raise ValueError(f"mean_landmarks must be [N, 2], got {list(shape.shape)}")
        self.register_buffer("mean_landmarks", shape)
        self.fc1 = nn.Linear(feature_dim, code_dim)
        self.landmark_branch = _build_landmark_branch((code_dim, *landmark_widths), shape)
        self.texture_branch = _build_texture_branch(code_dim, texture_widths, base_size=base_size)

    def compute_code(self, features: Tensor) -> Tensor:
        """f_dec of the loss, after its ReLU: [B, D] to [B, 1000]."""
        return functional.relu(self.fc1(features))

    def forward(self, features: Tensor) -> DecodedFace:
        landmarks, texture = self.draw(features)
        return DecodedFace(self.render(landmarks, texture), landmarks, texture)

    def draw(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Landmarks [B, 68, 2] and texture [B, 3, 224, 224]: the face before it is warped."""
        code = self.compute_code(features)
        return self._predict_landmarks(code), self.texture_branch(code).to(self.mean_landmarks)

    def render(self, landmarks: Tensor, texture: Tensor) -> Tensor:
        """Picture [B, 3, 224, 224] of a face that was drawn."""
        return warp_pictures(texture, source_points=self.mean_landmarks, target_points=landmarks)

    def _predict_landmarks(self, code: Tensor) -> Tensor:
        # Half precision has steps of a pixel at 200: this branch stays outside autocast.
        with torch.autocast(code.device.type, enabled=False):
            flat: Tensor = self.landmark_branch(code.to(self.mean_landmarks))
        return flat.reshape(len(flat), -1, 2)  # [B, 68, 2]


def _build_landmark_branch(widths: Sequence[int], mean_landmarks: Tensor) -> nn.Sequential:
    layers: list[nn.Module] = []
    for num_in, num_out in pairwise(widths):
        layers += [nn.Linear(num_in, num_out), nn.ReLU()]
    last = nn.Linear(widths[-1], mean_landmarks.numel())
    with torch.no_grad():
        last.bias.copy_(mean_landmarks.flatten())
    return nn.Sequential(*layers, last)


def _build_texture_branch(code_dim: int, widths: Sequence[int], *, base_size: int) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Linear(code_dim, widths[0] * base_size**2),
        nn.ReLU(),
        nn.Unflatten(1, (widths[0], base_size, base_size)),
    ]
    for num_in, num_out in pairwise(widths):
        layers += [
            nn.ConvTranspose2d(num_in, num_out, 5, stride=2, padding=2, output_padding=1),
            nn.ReLU(),
        ]
    # The output's range is not published: [0, 1] by a sigmoid (chosen).
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 3, 1), nn.Sigmoid())
