"""SVHF's spectrogram against a plain loop in float64 and a whole FFT."""

import itertools

import numpy as np
import pytest
import torch

from models.svhf import mirror_rows
from tasks.audio.magnitude import compute_magnitudes

RATE = 16000


def make_sound(seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(3).normal(0, 800, len(time))
    return (6000 * np.sin(2 * np.pi * 440 * time) + 900 + noise).astype(np.int16)


def compute_by_loop(samples: np.ndarray) -> np.ndarray:
    """All 512 rows, without dither: [T, 512]."""
    flat, before, last = [], 0.0, 0.0
    for value in samples.astype(float).tolist():
        last = value - before + 0.99 * last
        before = value
        flat.append(last)
    emphasised = [flat[0], *(b - 0.97 * a for a, b in itertools.pairwise(flat))]
    window = [0.54 - 0.46 * np.cos(2 * np.pi * k / 399) for k in range(400)]
    rows = []
    for first in range(0, len(emphasised) - 399, 160):
        frame = np.array(emphasised[first : first + 400]) * window
        rows.append(np.abs(np.fft.fft(np.concatenate([frame, np.zeros(112)]))))
    magnitudes = np.array(rows)
    return (magnitudes - magnitudes.mean(axis=0)) / magnitudes.std(axis=0, ddof=1)


def test_both_halves_are_those_of_a_whole_fft():
    samples = make_sound(1.4)
    found = compute_magnitudes(samples)
    halves = torch.from_numpy(found.T.copy())[None]
    both = mirror_rows(halves)[0, 0].numpy().T
    expected = compute_by_loop(samples)
    assert found.shape == (1 + (len(samples) - 400) // 160, 257)
    assert both.shape == expected.shape
    np.testing.assert_allclose(both, expected, atol=2e-3)


def test_each_bin_is_normalised_over_the_recording():
    found = compute_magnitudes(make_sound(2.0)).astype(float)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=0, ddof=1), 1, rtol=1e-4)


def test_short_sounds_are_repeated_to_the_smallest_bucket():
    assert len(compute_magnitudes(make_sound(0.3))) == 100


def test_silence_is_no_nan():
    assert np.isfinite(compute_magnitudes(np.zeros(RATE, np.int16))).all()


def test_no_samples_are_refused():
    with pytest.raises(ValueError, match="no samples"):
        compute_magnitudes(np.zeros(0, np.int16))
