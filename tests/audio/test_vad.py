"""The VAD against the steps of WEN's script, written out here on bytes (SPEC 2.1 step 2)."""

import collections
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest
import webrtcvad

from tasks.audio.vad import find_voiced_frames, select_voiced

Int16 = npt.NDArray[np.int16]
Make = Callable[[int, int], Int16]


def script_frames(audio: bytes, rate: int, frame_ms: int) -> Iterator[bytes]:
    size = int(rate * (frame_ms / 1000.0) * 2)
    offset = 0
    while offset + size < len(audio):
        yield audio[offset : offset + size]
        offset += size


def script_segments(
    audio: bytes, *, mode: int = 2, rate: int = 16000, frame_ms: int = 20, padding_ms: int = 50
) -> Iterator[bytes]:
    vad = webrtcvad.Vad(mode)
    ring: collections.deque[bytes] = collections.deque(maxlen=int(padding_ms / frame_ms))
    assert ring.maxlen is not None
    triggered = False
    voiced: list[bytes] = []
    for frame in script_frames(audio, rate, frame_ms):
        if not triggered:
            ring.append(frame)
            if len([f for f in ring if vad.is_speech(f, rate)]) > 0.9 * ring.maxlen:
                triggered = True
                voiced.extend(ring)
                ring.clear()
        else:
            voiced.append(frame)
            ring.append(frame)
            if len([f for f in ring if not vad.is_speech(f, rate)]) > 0.9 * ring.maxlen:
                triggered = False
                yield b"".join(voiced)
                ring.clear()
                voiced = []
    if voiced:
        yield b"".join(voiced)


def assert_as_script(samples: Int16) -> None:
    segments = list(script_segments(samples.astype("<i2").tobytes()))
    ranges = find_voiced_frames(samples)
    assert [samples[a:b].astype("<i2").tobytes() for a, b in ranges] == segments
    assert select_voiced(samples, ranges).astype("<i2").tobytes() == b"".join(segments)


@pytest.mark.parametrize("seed", range(8))
def test_speech_like_sound_is_cut_as_by_the_script(make_speech: Make, seed: int) -> None:
    samples = make_speech(96000 + 37 * seed, seed)
    assert_as_script(samples)
    ranges = find_voiced_frames(samples)
    assert len(ranges) > 1
    assert 0 < sum(end - start for start, end in ranges) < len(samples)


@pytest.mark.parametrize("amplitude", [1, 100, 3000, 30000])
def test_noise_is_cut_as_by_the_script(amplitude: int) -> None:
    noise = np.random.default_rng(amplitude).integers(-amplitude, amplitude + 1, 50000)
    assert_as_script(noise.astype(np.int16))


@pytest.mark.parametrize("num_samples", [0, 1, 319, 320, 321, 640, 641, 960, 961, 6400, 6401])
def test_lengths_around_whole_frames(make_speech: Make, num_samples: int) -> None:
    assert_as_script(make_speech(96000, 0)[20000 : 20000 + num_samples])


def test_last_whole_frame_is_dropped_only_at_a_multiple_of_the_frame() -> None:
    time = np.arange(321 * 100) / 16000
    buzz = np.sum([np.sin(2 * np.pi * 150 * k * time) / k for k in range(1, 20)], axis=0)
    voiced = (4000 * buzz).astype(np.int16)
    assert find_voiced_frames(voiced[: 320 * 50])[-1][1] == 320 * 49
    assert find_voiced_frames(voiced[: 320 * 50 + 1])[-1][1] == 320 * 50


@pytest.mark.parametrize(("mode", "frame_ms", "padding_ms"), [(0, 10, 100), (3, 30, 300)])
def test_other_settings(make_speech: Make, mode: int, frame_ms: int, padding_ms: int) -> None:
    samples = make_speech(64000, 3)
    expected = script_segments(
        samples.astype("<i2").tobytes(), mode=mode, frame_ms=frame_ms, padding_ms=padding_ms
    )
    ranges = find_voiced_frames(
        samples, aggressiveness=mode, frame_ms=frame_ms, padding_ms=padding_ms
    )
    voiced = select_voiced(samples, ranges).astype("<i2").tobytes()
    assert voiced == b"".join(expected) != b""


def test_one_recording_does_not_change_the_next(make_speech: Make) -> None:
    samples = make_speech(48000, 5)
    first = find_voiced_frames(samples)
    find_voiced_frames(make_speech(48000, 6))
    assert find_voiced_frames(samples) == first


def test_silence_gives_nothing() -> None:
    silence = np.zeros(32000, dtype=np.int16)
    assert find_voiced_frames(silence) == []
    assert select_voiced(silence, []).shape == (0,)
    assert select_voiced(silence, []).dtype == np.int16


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"aggressiveness": 4}, "aggressiveness 4"),
        ({"frame_ms": 25}, "400 samples"),
        ({"sample_rate": 44100}, "44100 Hz"),
        ({"padding_ms": 10}, "padding_ms"),
    ],
)
def test_settings_that_webrtc_does_not_take(settings: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        find_voiced_frames(np.zeros(1000, dtype=np.int16), **settings)


def test_real_voices_are_cut_as_by_the_script(real_voices: list[Int16]) -> None:
    for samples in real_voices:
        assert_as_script(samples)


def test_pair_voices_are_cut_as_by_the_script(pair_voices: list[Int16]) -> None:
    for samples in pair_voices:
        assert_as_script(samples)
