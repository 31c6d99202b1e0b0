"""Oh et al. 2019, "Speech2Face: learning the face behind a voice": the voice encoder."""

from torch import Tensor, nn
from torch.nn import functional

from models.layers import NUM_FREQUENCIES, check_spectrograms, scale_widths

KERNEL = 4
MIN_FRAMES = 259  # leaves one time step after the ninth convolution
# Table 1 as reconstructed in SPEC 3.2: width, stride, and whether time is halved afterwards.
WIDTHS = (64, 64, 128, 128, 128, 256, 512, 512, 512)
STRIDES = (1, 1, 1, 1, 1, 1, 1, 2, 2)
POOLED = (False, False, True, True, True, True, False, False, False)
HIDDEN_DIM = 4096


class VoiceEncoder(nn.Module):
    """Spectrogram [B, 2, T, 257], T at least 259, to a face feature [B, feature_dim].

    `width` scales every hidden layer; ValueError for fewer frames than 259.
    """

    def __init__(
        self, *, feature_dim: int = 4096, width: float = 1.0, batch_norm: bool = True
    ) -> None:
        super().__init__()
        widths = scale_widths(WIDTHS, width)
        (hidden_dim,) = scale_widths((HIDDEN_DIM,), width)
        self.features = _build_features(widths[:-1], batch_norm=batch_norm)
        self.last_conv = nn.Conv2d(widths[-2], widths[-1], KERNEL, stride=STRIDES[-1])
        self.last_norm = nn.BatchNorm1d(widths[-1]) if batch_norm else nn.Identity()
        self.fc1 = nn.Linear(widths[-1] * compute_num_rows(NUM_FREQUENCIES), hidden_dim)
        self.fc2 = nn.Linear(hidden_dim, feature_dim)

    def forward(self, spectrograms: Tensor) -> Tensor:
        features: Tensor = self.fc2(self.listen(spectrograms))
        return features  # [B, D]

    def listen(self, spectrograms: Tensor) -> Tensor:
        """What the last layer reads: [B, 4096]."""
        check_spectrograms(spectrograms, min_frames=MIN_FRAMES)
        maps = self.last_conv(self.features(spectrograms))  # [B, 512, steps, 57]
        rows = self.last_norm(functional.relu(maps.mean(dim=2)))  # [B, 512, 57]
        return functional.relu(self.fc1(rows.flatten(1)))  # [B, 4096]


def compute_num_rows(num_frequencies: int) -> int:
    """Frequency rows that nine unpadded convolutions leave: 57 of 257."""
    num_rows = num_frequencies
    for stride in STRIDES:
        num_rows = (num_rows - KERNEL) // stride + 1
    return num_rows


def _build_features(widths: tuple[int, ...], *, batch_norm: bool) -> nn.Sequential:
    """The first eight convolutions, in the order convolution, ReLU, BN, pool."""
    layers: list[nn.Module] = []
    num_in = 2
    for num_out, stride, pooled in zip(widths, STRIDES, POOLED, strict=False):
        layers += [nn.Conv2d(num_in, num_out, KERNEL, stride=stride), nn.ReLU()]
        if batch_norm:
            layers.append(nn.BatchNorm2d(num_out))
        if pooled:
            layers.append(nn.MaxPool2d((2, 1)))
        num_in = num_out
    return nn.Sequential(*layers)
