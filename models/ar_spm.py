"""Wang et al. 2020, "Residual speech portrait model" (AR-SPM): speech encoder, gender classifier.

Both read the stored spectrogram [B, 2, T, 257] and turn it to [B, 2, 257, T]: the 5x3 pool is
frequency x time, as in VGGVox.
"""

from itertools import pairwise
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from models.cbam import Cbam, CbamVariant
from models.layers import check_choice, check_spectrograms, scale_widths

Fusion = Literal["non-prior", "sum", "fc"]
FirstLayer = Literal["point", "rows"]

MIN_FRAMES = 65  # leaves one column after the three pools
MIN_GENDER_FRAMES = 70
NUM_ROWS = 4  # frequency rows after the third pool
WIDTHS = (64, 128, 256, 512, 512)  # Table 3
GENDER_WIDTHS = (32, 64, 128, 256, 256)  # public code, SPEC 3.5
GENDER_GRID = (2, 5)  # rows, columns that 257 x 598 leaves


class SpeechEncoder(nn.Module):
    """Spectrogram [B, 2, T, 257] (T at least 65) and prior [B, D] or [D] to a feature [B, D].

    `fusion`: "non-prior" Fc2(z), "sum" Fc2(z) + prior, "fc" Fc2(z + prior). `fc1`: "point" is a
    1x1 convolution and ReLU, "rows" spans the four frequency rows without ReLU (public code).
    `width` scales the convolutions.
    """

    def __init__(
        self,
        *,
        feature_dim: int = 4096,
        width: float = 1.0,
        fusion: Fusion = "non-prior",
        fc1: FirstLayer = "point",
        cbam: CbamVariant = "cbam",
    ) -> None:
        super().__init__()
        check_choice("fusion", fusion, allowed=("non-prior", "sum", "fc"))
        check_choice("fc1", fc1, allowed=("point", "rows"))
        widths = scale_widths(WIDTHS, width)
        self.fusion = fusion
        self.features = _build_features(widths)
        self.cbam = Cbam(widths[-1], variant=cbam)
        self.fc1 = _build_first_layer(fc1, num_in=widths[-1], num_out=feature_dim)
        self.fc2 = nn.Linear(feature_dim, feature_dim)

    def forward(self, spectrograms: Tensor, prior: Tensor | None = None) -> Tensor:
        return self._fuse(self.listen(spectrograms), prior)  # [B, D]

    def listen(self, spectrograms: Tensor) -> Tensor:
        """The speech's own part, before the prior: [B, D]."""
        check_spectrograms(spectrograms, min_frames=MIN_FRAMES)
        maps = self.fc1(self.cbam(self.features(spectrograms.transpose(2, 3))))  # [B, D, 4, 17]
        speech: Tensor = maps.mean(dim=(2, 3))
        return speech

    def _fuse(self, speech: Tensor, prior: Tensor | None) -> Tensor:
        feature: Tensor
        if prior is None and self.fusion == "non-prior":
            feature = self.fc2(speech)
        elif prior is not None and self.fusion == "sum":
            feature = self.fc2(speech) + prior
        elif prior is not None and self.fusion == "fc":
            feature = self.fc2(speech + prior)
        else:
            given = "no prior" if prior is None else "a prior"
            raise ValueError(f"fusion {self.fusion!r} was given {given}")
        return feature


def _build_features(widths: tuple[int, ...]) -> nn.Sequential:
    first, second, third, fourth, fifth = widths
    return nn.Sequential(
        *_build_stage(2, first, kernel=7, stride=2),
        nn.MaxPool2d(3, 2),
        *_build_stage(first, second, kernel=5, stride=2),
        nn.MaxPool2d(3, 2),
        *_build_stage(second, third, kernel=3, stride=1),
        *_build_stage(third, fourth, kernel=3, stride=1),
        *_build_stage(fourth, fifth, kernel=3, stride=1),
        nn.MaxPool2d((5, 3), (3, 2)),
    )


def _build_stage(num_in: int, num_out: int, *, kernel: int, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(num_in, num_out, kernel, stride=stride, padding=1)
    return [convolution, nn.BatchNorm2d(num_out), nn.ReLU()]


def _build_first_layer(fc1: FirstLayer, *, num_in: int, num_out: int) -> nn.Module:
    if fc1 == "rows":
        return nn.Conv2d(num_in, num_out, (NUM_ROWS, 1))
    return nn.Sequential(nn.Conv2d(num_in, num_out, 1), nn.ReLU())


class GenderClassifier(nn.Module):
    """Spectrogram [B, 2, T, 257] to logits [B], above 0 for male.

    Built for 598 frames; other lengths (70 or more) are averaged to the same grid (chosen).
    """

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        widths = scale_widths(GENDER_WIDTHS, width)
        self.features = _build_gender_features(widths)
        self.fc1 = nn.Linear(widths[-1] * GENDER_GRID[0] * GENDER_GRID[1], widths[-1])
        self.norm = nn.BatchNorm1d(widths[-1])
        self.fc2 = nn.Linear(widths[-1], 1)

    def forward(self, spectrograms: Tensor) -> Tensor:
        check_spectrograms(spectrograms, min_frames=MIN_GENDER_FRAMES)
        maps = self.features(spectrograms.transpose(2, 3))  # [B, 256, 2, 5]
        flat = functional.adaptive_avg_pool2d(maps, GENDER_GRID).flatten(1)  # [B, 2560]
        hidden = functional.relu(self.norm(self.fc1(flat)))  # [B, 256]
        logits: Tensor = self.fc2(functional.dropout(hidden, 0.5, self.training))  # [B, 1]
        return logits.squeeze(1)  # [B]


def _build_gender_features(widths: tuple[int, ...]) -> nn.Sequential:
    """A 1x1 and four strided 3x3 convolutions; pools after the first, second and last."""
    stages = [nn.Conv2d(2, widths[0], 1)]
    for num_in, num_out in pairwise(widths):
        stages.append(nn.Conv2d(num_in, num_out, 3, stride=2, padding=1))
    layers: list[nn.Module] = []
    for index, convolution in enumerate(stages):
        layers += [convolution, nn.BatchNorm2d(convolution.out_channels), nn.LeakyReLU()]
        if index in (0, 1, 4):
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
