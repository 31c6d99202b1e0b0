"""Silero against its own package: the window-by-window network and get_speech_timestamps."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tasks.audio.silero import (
    compute_speech_probability,
    filter_voiced,
    find_segments,
    intersect_ranges,
    measure_speech_share,
)

pytest.importorskip("onnxruntime")
Int16 = npt.NDArray[np.int16]
Make = Callable[[int, int], Int16]


def stream_probability(samples: Int16) -> list[float]:
    """silero_vad.onnx on one window after the other."""
    import onnxruntime
    import silero_vad

    path = Path(silero_vad.__file__).parent / "data" / "silero_vad.onnx"
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    state = np.zeros((2, 1, 128), dtype=np.float32)
    context = np.zeros(64, dtype=np.float32)
    probabilities = []
    for start in range(0, len(samples), 512):
        window = np.zeros(512, dtype=np.float32)
        part = samples[start : start + 512]
        window[: len(part)] = part / 32768.0
        feed = {"input": np.concatenate([context, window])[None], "state": state}
        output, state = session.run(None, {**feed, "sr": np.array(16000)})
        probabilities.append(float(output[0, 0]))
        context = window[-64:]
    return probabilities


@pytest.mark.parametrize("num_samples", [0, 1, 511, 512, 513, 16000, 512 * 512 + 700])
def test_equals_the_streaming_network(make_speech: Make, num_samples: int) -> None:
    samples = make_speech(512 * 512 + 700, 1)[:num_samples]
    probability = compute_speech_probability(samples)
    assert probability.shape == (-(-num_samples // 512),)
    assert probability.dtype == np.float32
    np.testing.assert_allclose(probability, stream_probability(samples), atol=1e-5)


def test_real_voices_equal_the_streaming_network(real_voices: list[Int16]) -> None:
    for samples in real_voices[:3]:
        expected = stream_probability(samples)
        np.testing.assert_allclose(compute_speech_probability(samples), expected, atol=1e-5)
        assert measure_speech_share(samples) > 0.7


@pytest.mark.parametrize("threshold", [0.05, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(10))
def test_segments_are_the_packages(threshold: float, seed: int) -> None:
    silero_vad = pytest.importorskip("silero_vad")
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(0, 1.2, 400)) * 0.5 + rng.normal(0, 1, 400)
    probability = (1 / (1 + np.exp(-walk))).astype(np.float32)
    num_samples = 400 * 512 - int(rng.integers(0, 512))
    expected = silero_vad.get_speech_timestamps_from_probs(
        probability.tolist(), threshold=threshold, audio_length_samples=num_samples
    )
    segments = find_segments(probability, num_samples=num_samples, threshold=threshold)
    assert segments == [(part["start"], part["end"]) for part in expected]


def test_intersection_is_that_of_the_samples() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        lists = []
        for _ in range(2):
            edges = sorted(rng.choice(60, size=2 * int(rng.integers(0, 8)), replace=False).tolist())
            lists.append(list(zip(edges[::2], edges[1::2], strict=True)))
        both = intersect_ranges(*lists)
        members = [{i for start, end in ranges for i in range(start, end)} for ranges in lists]
        covered = [i for start, end in both for i in range(start, end)]
        assert covered == sorted(members[0] & members[1])
        assert all(start < end for start, end in both)


def test_silence_and_noise_are_not_speech() -> None:
    noise = np.random.default_rng(0).normal(0, 3000, 32000).astype(np.int16)
    for samples in (np.zeros(32000, dtype=np.int16), noise):
        assert measure_speech_share(samples) < 0.1
        assert filter_voiced(samples, [(0, 32000)]) == []
    assert measure_speech_share(np.empty(0, dtype=np.int16)) == 0
    assert filter_voiced(np.empty(0, dtype=np.int16), []) == []


def test_noise_after_speech_is_cut_off(real_voices: list[Int16]) -> None:
    """Within a second: the network's answer falls slowly after speech."""
    for samples in real_voices[:3]:
        noise = np.random.default_rng(0).normal(0, 300, 64000).astype(np.int16)
        joined = np.concatenate([samples[:48000], noise])
        kept = filter_voiced(joined, [(100, 30000), (30000, 112000)])
        assert 2.0 < sum(end - start for start, end in kept) / 16000 < 4.0
        assert kept[0][0] >= 100
        assert kept[-1][1] < 64000


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.audio import silero

    monkeypatch.setattr(silero, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="silero-vad is not installed"):
        silero._find_model()
