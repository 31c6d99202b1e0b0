"""Wan et al. 2018, "Generalized end-to-end loss for speaker verification": the encoder that the
package Resemblyzer carries weights for, and a face feature read off its embedding.

State keys of the encoder are Resemblyzer's. It reads the stored spectrogram, of which it makes the
mel energies that the package computes from sound: the same frames, with 512 in place of 400 points.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.layers import NUM_FREQUENCIES, check_spectrograms

NUM_MELS = 40
EMBEDDING_DIM = 256
WINDOW, STEP = 160, 77  # frames of a partial utterance, and between two: 1.3 a second
MIN_FRAMES = WINDOW
SAMPLE_RATE, FFT, PACKAGE_FFT = 16000, 512, 400
COMPRESSION = 0.3  # of the stored parts, SPEC 2.2
LOUDNESS_DB = -30.0  # full scale; quieter recordings are raised to it
FRAME_POWER = 150.0  # sum of the squared Hann window of 400


class SpeakerEncoder(nn.Module):
    """Spectrogram [B, 2, T, 257], T at least 160, to a unit speaker embedding [B, 256]."""

    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(NUM_MELS, EMBEDDING_DIM, num_layers=3, batch_first=True)
        self.linear = nn.Linear(EMBEDDING_DIM, EMBEDDING_DIM)
        self.register_buffer("filters", build_mel_filters(), persistent=False)

    def forward(self, spectrograms: Tensor) -> Tensor:
        check_spectrograms(spectrograms, min_frames=MIN_FRAMES)
        mels = compute_mels(spectrograms.float(), filters=self.filters)  # [B, T, 40]
        windows = mels.unfold(1, WINDOW, STEP).transpose(2, 3)  # [B, W, 160, 40]
        partial = self.embed_windows(windows.flatten(0, 1))  # [B·W, 256]
        mean = partial.reshape(*windows.shape[:2], EMBEDDING_DIM).mean(dim=1)  # [B, 256]
        return functional.normalize(mean, dim=1)

    def embed_windows(self, mels: Tensor) -> Tensor:
        """Mel energies [N, T, 40] to unit embeddings [N, 256], none below 0."""
        _, (hidden, _) = self.lstm(mels)
        return functional.normalize(functional.relu(self.linear(hidden[-1])), dim=1)


class SpeakerFaceEncoder(nn.Module):
    """Spectrogram [B, 2, T, 257] to a face feature [B, feature_dim], linear in the embedding."""

    def __init__(self, *, feature_dim: int = 4096) -> None:
        super().__init__()
        self.speaker = SpeakerEncoder()
        self.head = nn.Linear(EMBEDDING_DIM, feature_dim)

    def forward(self, spectrograms: Tensor) -> Tensor:
        features: Tensor = self.head(self.speaker(spectrograms))
        return features


def compute_mels(spectrograms: Tensor, *, filters: Tensor) -> Tensor:
    """Mel energies [B, T, 40] of the compressed parts [B, 2, T, 257], as loud as -30 dB."""
    power = spectrograms.abs().pow(2 / COMPRESSION).sum(dim=1)  # [B, T, 257]
    power = power * measure_gain(power)[:, None, None]
    mels: Tensor = power @ filters.T * (PACKAGE_FFT / FFT)
    return mels


def measure_gain(power: Tensor) -> Tensor:
    """Factor [B] that raises each recording's power [B, T, 257] to -30 dB; 1 where it is louder."""
    sides = 2 * power.sum(dim=2) - power[:, :, 0] - power[:, :, -1]  # Parseval
    mean_square = sides.mean(dim=1) / FFT / FRAME_POWER  # [B]
    return (10 ** (LOUDNESS_DB / 10) / mean_square.clamp_min(1e-12)).clamp_min(1.0)


def build_mel_filters() -> Tensor:
    """Slaney's triangles of unit area between 0 and 8 kHz, [40, 257]."""
    edges_hz = _to_hz(torch.linspace(0, _to_mel(SAMPLE_RATE / 2), NUM_MELS + 2).double())
    bins_hz = torch.arange(NUM_FREQUENCIES).double() * SAMPLE_RATE / FFT
    low, middle, high = (edges_hz[start : start + NUM_MELS, None] for start in range(3))
    rising, falling = (bins_hz - low) / (middle - low), (high - bins_hz) / (high - middle)
    triangles = torch.minimum(rising, falling).clamp_min(0)
    return (2 / (high - low) * triangles).float()


def _to_mel(frequency_hz: float) -> float:
    """Linear up to 1 kHz (15 mel), logarithmic above: 27 mel for each factor of 6.4."""
    return 15 + 27 * math.log(frequency_hz / 1000) / math.log(6.4)


def _to_hz(mels: Tensor) -> Tensor:
    return torch.where(mels < 15, mels * 200 / 3, 1000 * 6.4 ** ((mels - 15) / 27))
