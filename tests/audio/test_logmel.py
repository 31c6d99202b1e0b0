"""Log-mel against a loop over frames and bins in float64 (SPEC 2.1 steps 3 to 5)."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from tasks.audio.logmel import build_mel_bank, compute_logmel, normalise_logmel, tile_logmel

Int16 = npt.NDArray[np.int16]


def loop_bank() -> list[dict[int, float]]:
    """Weights of each of the 64 filters by DFT bin."""
    low, high = (2595 * math.log10(1 + f / 700) for f in (20.0, 7200.0))
    edges = []
    for i in range(66):
        mel = low + (high - low) * i / 65
        edges.append(round(700 * (10 ** (mel / 2595) - 1) / 15.625))
    filters = []
    for left, centre, right in zip(edges, edges[1:], edges[2:], strict=False):
        height = 2 / ((right - left) * 15.625)
        weights = {}
        for k in range(left, right + 1):
            if left < k <= centre:
                weights[k] = height * (k - left) / (centre - left)
            elif centre < k < right:
                weights[k] = height * (right - k) / (right - centre)
        filters.append(weights)
    return filters


def loop_frames(samples: list[int]) -> list[list[int]]:
    frames = []
    for i in range(int(len(samples) / 160 + 1)):
        part = samples[160 * i : 160 * i + 400]
        frames.append([part[k % len(part)] if part else 0 for k in range(400)])
    return frames


def loop_logmel(samples: Int16) -> npt.NDArray[np.float64]:
    turns = np.exp(-2j * np.pi * np.outer(np.arange(400), np.arange(513)) / 1024)
    hamming = [0.54 - 0.46 * math.cos(2 * math.pi * k / 399) for k in range(400)]
    filters = loop_bank()
    rows = []
    previous = 0
    for frame in loop_frames(samples.tolist()):
        raw = [previous, *frame]
        previous = frame[-1]
        emphasised = [(raw[k + 1] - 0.97 * raw[k]) * hamming[k] for k in range(400)]
        power = np.abs(np.array(emphasised) @ turns) ** 2
        sums = [sum(power[k] * weight for k, weight in bins.items()) for bins in filters]
        rows.append([math.log(max(total, 1e-5)) for total in sums])
    return np.array(rows)


def make_noise(num_samples: int, seed: int = 0) -> Int16:
    rng = np.random.default_rng(seed)
    return rng.integers(-9000, 9000, num_samples).astype(np.int16)


@pytest.mark.parametrize(
    "num_samples",
    [1, 2, 100, 159, 160, 161, 240, 320, 399, 400, 401, 559, 560, 561, 640, 720, 1600, 1733],
)
def test_equals_the_loop(num_samples: int) -> None:
    samples = make_noise(num_samples, num_samples)
    logmel = compute_logmel(samples)
    assert logmel.shape == (num_samples // 160 + 1, 64)
    assert logmel.dtype == np.float32
    np.testing.assert_allclose(logmel, loop_logmel(samples), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("level", [0, 1, 32767, -32768])
def test_constant_sound_equals_the_loop(level: int) -> None:
    samples = np.full(1000, level, dtype=np.int16)
    np.testing.assert_allclose(compute_logmel(samples), loop_logmel(samples), rtol=1e-6, atol=1e-6)


def test_real_voice_equals_the_loop(real_voices: list[Int16]) -> None:
    for samples in real_voices[:3]:
        part = samples[8000:24077]
        np.testing.assert_allclose(compute_logmel(part), loop_logmel(part), rtol=1e-6, atol=1e-6)


def test_six_seconds_give_601_frames() -> None:
    assert compute_logmel(make_noise(96000)).shape == (601, 64)


def test_last_frame_of_whole_hops_holds_only_the_sample_before_it() -> None:
    """Its 400 zeros follow a sample s: one sample -0.97 s times the window's first, 0.08."""
    samples = make_noise(800)
    samples[799] = 5000
    previous = samples[640:][399 % 160]  # the 400th of the frame before, itself repeated
    power = (0.97 * int(previous) * 0.08) ** 2
    sums = [power * sum(bins.values()) for bins in loop_bank()]
    np.testing.assert_allclose(compute_logmel(samples)[-1], np.log(sums), rtol=1e-5)


def test_silence_is_the_floor() -> None:
    logmel = compute_logmel(np.zeros(1600, dtype=np.int16))
    np.testing.assert_allclose(logmel, math.log(1e-5), rtol=1e-6)


def test_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no samples"):
        compute_logmel(np.empty(0, dtype=np.int16))


def test_bank_equals_the_loop() -> None:
    expected = np.zeros((513, 64))
    for mel, bins in enumerate(loop_bank()):
        for k, weight in bins.items():
            expected[k, mel] = weight
    np.testing.assert_allclose(build_mel_bank(), expected, rtol=1e-12)


def test_triangles_have_unit_area_in_hz() -> None:
    np.testing.assert_allclose(build_mel_bank().sum(axis=0) * 15.625, 1.0, rtol=1e-12)


def test_normalised_as_printed() -> None:
    logmel = np.random.default_rng(1).normal(5, 3, (700, 64)).astype(np.float32)
    normalised = normalise_logmel(logmel)
    for mel in (0, 17, 63):
        column = [float(value) for value in logmel[:, mel]]
        mean = math.fsum(column) / len(column)
        deviation = math.sqrt(math.fsum((v - mean) ** 2 for v in column) / len(column))
        expected = [(value - mean) / (deviation + 1.19e-7) for value in column]
        np.testing.assert_allclose(normalised[:, mel], expected, rtol=1e-5, atol=1e-6)
    assert normalised.dtype == np.float32


def test_constant_bins_normalise_to_zero() -> None:
    assert not normalise_logmel(np.full((30, 64), -11.5, dtype=np.float32)).any()


@pytest.mark.parametrize("num_frames", [1, 3, 400, 999, 1000, 1001, 2500])
def test_tiled_to_a_thousand_frames(num_frames: int) -> None:
    logmel = np.arange(num_frames * 64, dtype=np.float32).reshape(num_frames, 64)  # [T, 64]
    tiled = tile_logmel(logmel)
    assert tiled.shape == (max(num_frames, 1000), 64)
    for i in (0, num_frames - 1, 500, 999, len(tiled) - 1):
        np.testing.assert_array_equal(tiled[i], logmel[i % num_frames])
