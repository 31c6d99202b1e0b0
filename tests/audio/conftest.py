"""Sounds made in code, and the lent real ones."""

import os
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

Int16 = npt.NDArray[np.int16]
RATE = 16000


def make_speech_like(num_samples: int, seed: int) -> Int16:
    """Vowel-like buzzes of 0.1 to 0.5 s with pauses between, over faint noise."""
    rng = np.random.default_rng(seed)
    sound = rng.normal(0, 20, num_samples)
    position = int(rng.integers(0, 4000))
    while position < num_samples:
        length = min(int(rng.integers(1600, 8000)), num_samples - position)
        time = np.arange(length) / RATE
        pitch = rng.uniform(90, 240) * (1 + 0.05 * np.sin(2 * np.pi * 4 * time))
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        buzz = np.sum([np.sin(k * phase) / k for k in range(1, 25)], axis=0)
        sound[position : position + length] += 4000 * np.hanning(length) * buzz
        position += length + int(rng.integers(800, 9600))
    return np.clip(sound, -32768, 32767).astype(np.int16)


@pytest.fixture
def make_speech() -> Callable[[int, int], Int16]:
    return make_speech_like


@pytest.fixture(scope="session")
def data_folder() -> Path:
    folder = Path(os.environ.get("SPEECH_PORTRAITS_DATA", "../shared/data"))
    if not folder.is_dir():
        pytest.skip("real data absent: SPEECH_PORTRAITS_DATA names no folder")
    return folder


def read_wav(path: Path) -> Int16:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)


@pytest.fixture(scope="session")
def real_voices(data_folder: Path) -> list[Int16]:
    paths = sorted((data_folder / "wen_examples").glob("*.wav"))
    if not paths:
        pytest.skip("real data absent: no wen_examples")
    return [read_wav(path) for path in paths]


@pytest.fixture(scope="session")
def pair_voices(data_folder: Path) -> list[Int16]:
    """Six recordings in Opus, decoded to 16 kHz mono."""
    av = pytest.importorskip("av")
    paths = sorted((data_folder / "pairs" / "voice").iterdir())[::150]
    if not paths:
        pytest.skip("real data absent: no pairs")
    voices = []
    for path in paths:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        with av.open(str(path)) as media:
            frames = [f for frame in media.decode(audio=0) for f in resampler.resample(frame)]
        frames += resampler.resample(None)
        voices.append(np.concatenate([frame.to_ndarray()[0] for frame in frames]))
    return voices
