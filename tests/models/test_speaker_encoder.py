"""The speaker encoder against the package's own recipe, written out from sound in float64."""

import math
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.speaker_encoder import (
    EMBEDDING_DIM,
    SpeakerEncoder,
    SpeakerFaceEncoder,
    build_mel_filters,
    compute_mels,
)
from tasks.audio.spectrogram import compute_spectrogram

Doubles = NDArray[np.float64]


def make_sound(seconds: float, *, amplitude: float = 0.01) -> NDArray[np.float32]:
    """A buzz of 120 Hz whose loudness moves, and some noise."""
    random = np.random.default_rng(0)
    times = np.arange(round(seconds * 16000)) / 16000
    buzz = sum(np.sin(2 * np.pi * 120 * k * times) / k for k in range(1, 40))
    sound = buzz * (1 + 0.5 * np.sin(2 * np.pi * 3 * times)) + random.normal(0, 0.05, len(times))
    return (amplitude * sound).astype(np.float32)


def make_slaney_filters(num_points: int) -> Doubles:
    """[40, num_points / 2 + 1] after the Auditory Toolbox: 200/3 Hz a step, then 27 to 6.4 fold."""

    def to_hz(mel: float) -> float:
        return mel * 200 / 3 if mel < 15 else 1000 * math.exp(math.log(6.4) / 27 * (mel - 15))

    top = 15 + 27 * math.log(8) / math.log(6.4)
    edges = [to_hz(top * step / 41) for step in range(42)]
    filters = np.zeros((40, num_points // 2 + 1))
    for row in range(40):
        low, middle, high = edges[row : row + 3]
        for column in range(filters.shape[1]):
            hz = column * 16000 / num_points
            up, down = (hz - low) / (middle - low), (high - hz) / (high - middle)
            filters[row, column] = max(0.0, min(up, down)) * 2 / (high - low)
    return filters


def compute_package_mels(sound: NDArray[np.float32]) -> Doubles:
    """Sound raised to -30 dB, frames of 400 under a Hann window, 400 points, [T, 40]."""
    raised = sound.astype(np.float64)
    level_db = 20 * math.log10(math.sqrt(float(np.mean(raised**2))))
    raised = raised * 10 ** (max(0.0, -30 - level_db) / 20)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    starts = range(0, len(raised) - 399, 160)
    power = [np.abs(np.fft.rfft(raised[start : start + 400] * window)) ** 2 for start in starts]
    return np.stack(power) @ make_slaney_filters(400).T


def test_filters_are_slaneys() -> None:
    np.testing.assert_allclose(build_mel_filters(), make_slaney_filters(512), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("amplitude", [0.002, 0.2])
def test_mels_of_the_stored_spectrogram_are_the_packages(amplitude: float) -> None:
    sound = make_sound(3.0, amplitude=amplitude)
    stored = torch.from_numpy(compute_spectrogram(sound, seconds=None).astype("<f2"))[None]
    mels = compute_mels(stored.float(), filters=build_mel_filters())[0].numpy()
    expected = compute_package_mels(sound)
    assert mels.shape == expected.shape
    # Another number of points samples the same spectrum elsewhere: some percent of a filter.
    assert np.corrcoef(np.log(mels.ravel() + 1e-9), np.log(expected.ravel() + 1e-9))[0, 1] > 0.99
    assert mels.sum() == pytest.approx(expected.sum(), rel=0.02)


def test_embeddings_are_unit_and_windows_are_averaged() -> None:
    torch.manual_seed(0)
    network = SpeakerEncoder().eval()
    spectrograms = torch.rand(2, 2, 598, 257)
    with torch.no_grad():
        found = network(spectrograms)
        mels = compute_mels(spectrograms, filters=network.filters)
        parts = [network.embed_windows(mels[:, start : start + 160]) for start in range(0, 439, 77)]
    assert found.shape == (2, EMBEDDING_DIM)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(2))
    mean = torch.stack(parts).mean(dim=0)
    torch.testing.assert_close(found, mean / mean.norm(dim=1, keepdim=True))


def test_the_face_encoder_learns() -> None:
    network = SpeakerFaceEncoder(feature_dim=8)
    network(torch.rand(1, 2, 160, 257)).sum().backward()
    assert network.head.weight.grad is not None
    assert sum(p.numel() for p in network.speaker.parameters()) == 1_423_616


def test_too_few_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="160 frames"):
        SpeakerEncoder()(torch.rand(1, 2, 159, 257))


@pytest.mark.skipif(find_spec("resemblyzer") is None, reason="package not installed")
def test_the_packages_weights_load() -> None:
    from tasks.training.speaker_package import load_speaker_encoder

    network = load_speaker_encoder()
    assert network(torch.rand(1, 2, 298, 257)).shape == (1, EMBEDDING_DIM)
