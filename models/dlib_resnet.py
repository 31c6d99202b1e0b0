"""dlib's face descriptor network (King 2017, a ResNet-34 with 29 convolutions), in torch.

As published in dlib's `dlib_face_recognition_resnet_model_v1.dat`, the scales and shifts of its
channels folded into the convolutions.
"""

from torch import Tensor, nn
from torch.nn import functional

SIZE_PX, DIMENSION = 150, 128
FIRST_WIDTH = 32
# Blocks of a level and its channels; each level but the first begins with one that halves.
LEVELS = ((3, 32), (4, 64), (3, 128), (3, 256), (1, 256))


class Block(nn.Module):
    """Two 3×3 convolutions beside their input, halved by a mean where they halve."""

    def __init__(self, num_in: int, num_out: int, *, halves: bool) -> None:
        super().__init__()
        stride, padding = (2, 0) if halves else (1, 1)
        self.conv1 = nn.Conv2d(num_in, num_out, 3, stride=stride, padding=padding)
        self.conv2 = nn.Conv2d(num_out, num_out, 3, padding=1)
        self.halves = halves

    def forward(self, x: Tensor) -> Tensor:
        bent = self.conv2(functional.relu(self.conv1(x)))
        return functional.relu(add_padded(functional.avg_pool2d(x, 2) if self.halves else x, bent))


class DlibResnetNet(nn.Module):
    """Faces [B, 3, 150, 150], normalised RGB, to descriptors [B, 128]. 5,607,488 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, FIRST_WIDTH, 7, stride=2)
        blocks, width = [], FIRST_WIDTH
        for level, (count, channels) in enumerate(LEVELS):
            for index in range(count):
                blocks.append(Block(width, channels, halves=level > 0 and index == 0))
                width = channels
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(width, DIMENSION, bias=False)

    def forward(self, faces: Tensor) -> Tensor:
        maps = functional.max_pool2d(functional.relu(self.conv(faces)), 3, stride=2)
        descriptors: Tensor = self.fc(self.blocks(maps).mean(dim=(2, 3)))
        return descriptors


def add_padded(first: Tensor, second: Tensor) -> Tensor:
    """Sum of [B, C, H, W] of different sizes: the smaller one goes on in zeros, as dlib does it."""
    channels, height, width = (
        max(a, b) for a, b in zip(first.shape[1:], second.shape[1:], strict=True)
    )
    return _pad(first, channels, height, width) + _pad(second, channels, height, width)


def _pad(maps: Tensor, channels: int, height: int, width: int) -> Tensor:
    missing = (width - maps.shape[3], height - maps.shape[2], channels - maps.shape[1])
    if not any(missing):
        return maps
    return functional.pad(maps, [edge for count in missing for edge in (0, count)])
