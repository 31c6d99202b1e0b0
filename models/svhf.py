"""Nagrani, Albanie, Zisserman 2018, "Seeing voices and hearing faces" (SVHF); SPEC 6.1.

Widths of the face stream are recalled from VGG-M, those of the voice stream from VGGVox.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from models.layers import check_choice, scale_widths

Probe = Literal["voice", "face"]

BUCKETS = tuple(range(100, 1001, 100))  # frames; official code
NUM_ROWS = 512  # both halves of a 512-point FFT
POOLED_ROWS = 9
FACE_SIZE = 224
POOLED_FACE = 6
FACE_WIDTHS = (96, 256, 512, 512, 512)
VOICE_WIDTHS = (96, 256, 384, 256, 256)
FC6_WIDTH = 4096
EMBEDDING_DIM = 1024


class FaceStream(nn.Module):
    """VGG-M: [B, 3, 224, 224] (mean subtracted) to [B, 1024]."""

    def __init__(self, *, width: float = 1.0, embedding_dim: int = EMBEDDING_DIM) -> None:
        super().__init__()
        first, second, *others = scale_widths(FACE_WIDTHS, width)
        (hidden,) = scale_widths((FC6_WIDTH,), width)
        self.features = nn.Sequential(
            *_build_stage(3, first, kernel=7, stride=2, padding=0),
            nn.MaxPool2d(3, 2),
            *_build_stage(first, second, kernel=5, stride=2, padding=1),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            *_build_thirds((second, *others)),
            nn.MaxPool2d(3, 2),
        )
        self.fc6 = nn.Sequential(*_build_stage(others[-1], hidden, kernel=POOLED_FACE, padding=0))
        self.fc7 = _build_fc(hidden, embedding_dim)

    def forward(self, faces: Tensor) -> Tensor:
        if tuple(faces.shape[1:]) != (3, FACE_SIZE, FACE_SIZE):
            raise ValueError(f"faces must be [B, 3, 224, 224], got {list(faces.shape)}")
        embeddings: Tensor = self.fc7(self.fc6(self.features(faces)).flatten(1))
        return embeddings  # [B, 1024]


class VoiceStream(nn.Module):
    """VGGVox: two-sided spectrogram [B, 1, 512, T] (T at least 100) to [B, 1024]."""

    def __init__(self, *, width: float = 1.0, embedding_dim: int = EMBEDDING_DIM) -> None:
        super().__init__()
        first, second, *others = scale_widths(VOICE_WIDTHS, width)
        (hidden,) = scale_widths((FC6_WIDTH,), width)
        self.features = nn.Sequential(
            *_build_stage(1, first, kernel=7, stride=2, padding=1),
            nn.MaxPool2d(3, 2),
            *_build_stage(first, second, kernel=5, stride=2, padding=1),
            nn.MaxPool2d(3, 2),
            *_build_thirds((second, *others)),
            nn.MaxPool2d((5, 3), (3, 2)),
        )
        rows = (POOLED_ROWS, 1)
        self.fc6 = nn.Sequential(*_build_stage(others[-1], hidden, kernel=rows, padding=0))
        self.fc7 = _build_fc(hidden, embedding_dim)

    def forward(self, spectrograms: Tensor) -> Tensor:
        shape = tuple(spectrograms.shape)
        if len(shape) != 4 or shape[1:3] != (1, NUM_ROWS) or shape[3] < BUCKETS[0]:
            raise ValueError(f"spectrograms must be [B, 1, 512, T >= 100], got {list(shape)}")
        columns = self.fc6(self.features(spectrograms))  # [B, 4096, 1, T/36]
        embeddings: Tensor = self.fc7(columns.mean(dim=(2, 3)))
        return embeddings  # [B, 1024]


class Svhf(nn.Module):
    """Which candidate of the other modality belongs to the probe: logits [B, N].

    `probe="voice"`: one voice, N faces (V-F); `probe="face"`: one face, N voices (F-V).
    Candidates share one stream.
    """

    def __init__(
        self, *, probe: Probe = "voice", num_candidates: int = 2, width: float = 1.0
    ) -> None:
        super().__init__()
        check_choice("probe", probe, allowed=("voice", "face"))
        embedding_dim, hidden, narrow = scale_widths((EMBEDDING_DIM, 1024, 512), width)
        self.probe, self.embedding_dim = probe, embedding_dim
        self.face_stream = FaceStream(width=width, embedding_dim=embedding_dim)
        self.voice_stream = VoiceStream(width=width, embedding_dim=embedding_dim)
        self.head = nn.Sequential(
            nn.Linear(embedding_dim * (1 + num_candidates), hidden),
            nn.ReLU(),
            nn.Linear(hidden, narrow),
            nn.ReLU(),
            nn.Linear(narrow, num_candidates),
        )

    def forward(self, probes: Tensor, candidates: Tensor) -> Tensor:
        """`probes` [B, ...] as their stream reads them, `candidates` [B, N, ...]."""
        streams = (self.voice_stream, self.face_stream)
        probe_stream, other_stream = streams if self.probe == "voice" else streams[::-1]
        others = other_stream(candidates.flatten(0, 1))  # [B * N, 1024]
        others = others.unflatten(0, tuple(candidates.shape[:2]))  # [B, N, 1024]
        return self.compare(probe_stream(probes), others)

    def compare(self, probes: Tensor, candidates: Tensor) -> Tensor:
        """Logits [B, N] of what the streams made of probes [B, 1024] and candidates
        [B, N, 1024]."""
        logits: Tensor = self.head(torch.cat((probes, candidates.flatten(1)), dim=1))
        return logits


def mirror_rows(halves: Tensor) -> Tensor:
    """Both halves of a 512-point FFT, [B, 1, 512, T], of rows 0 to 256 [B, 257, T]."""
    return torch.cat((halves, halves[:, 1:-1].flip(1)), dim=1)[:, None]


def compute_pool_width(num_frames: int) -> int:
    """Columns after the last pool, over which fc6 is averaged; 2 at 100 frames, 8 at 300."""
    columns = num_frames
    for kernel, padding in ((7, 1), (3, 0), (5, 1), (3, 0), (3, 0)):
        columns = (columns + 2 * padding - kernel) // 2 + 1
    return columns


def choose_bucket(num_frames: int) -> int:
    """Length of the centre crop at test: the largest bucket that fits."""
    fitting = [bucket for bucket in BUCKETS if bucket <= num_frames]
    if not fitting:
        raise ValueError(f"num_frames must be at least {BUCKETS[0]}, got {num_frames}")
    return fitting[-1]


def _build_stage(
    num_in: int,
    num_out: int,
    *,
    kernel: int | tuple[int, int],
    stride: int = 1,
    padding: int = 1,
) -> list[nn.Module]:
    convolution = nn.Conv2d(num_in, num_out, kernel, stride=stride, padding=padding)
    return [convolution, nn.BatchNorm2d(num_out), nn.ReLU()]


def _build_thirds(widths: Sequence[int]) -> list[nn.Module]:
    """The 3x3 convolutions 3 to 5."""
    stages = [_build_stage(*pair, kernel=3) for pair in pairwise(widths)]
    return [layer for stage in stages for layer in stage]


def _build_fc(num_in: int, num_out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(num_in, num_out), nn.BatchNorm1d(num_out), nn.ReLU())
