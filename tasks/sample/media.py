"""Writes one mp4: H.264 and AAC through the ffmpeg program, the same bytes from the same input."""

import subprocess
import tempfile
import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.media.ffmpeg import find_ffmpeg
from tasks.sample.animate import FRAMES_PER_SECOND
from tasks.sample.draw import Image

AUDIO_BIT_RATE = "24k"
AUDIO_SAMPLE_RATE = 16000
CRF = 28
VIDEO_OPTIONS = ["-c:v", "libx264", "-preset", "veryslow", "-crf", str(CRF), "-pix_fmt", "yuv420p"]
AUDIO_OPTIONS = ["-c:a", "aac", "-b:a", AUDIO_BIT_RATE, "-ar", str(AUDIO_SAMPLE_RATE)]
SAME_BYTES = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]


def write_clip(
    path: Path,
    frames: Iterable[Image] | None,
    *,
    samples: NDArray[np.float32] | None,
    sample_rate: int,
) -> None:
    """Either stream may be left out. Raises RuntimeError with ffmpeg's words if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        pictures, picture_data = _prepare_pictures(frames)
        sound = _prepare_sound(samples, Path(folder) / "sound.wav", sample_rate=sample_rate)
        output = [*SAME_BYTES, "-map_metadata", "-1", "-threads", "1", "-movflags", "+faststart"]
        command = [find_ffmpeg(), "-v", "error", "-y", *pictures, *sound]
        command += VIDEO_OPTIONS if pictures else []
        command += AUDIO_OPTIONS if sound else []
        done = subprocess.run(
            [*command, *output, str(path.absolute())], input=picture_data, capture_output=True
        )
    if done.returncode != 0:
        raise RuntimeError(f"ffmpeg could not write {path}: {done.stderr.decode().strip()}")


def to_pcm16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    return np.round(np.clip(samples, -1, 1) * 32767).astype("<i2")


def _prepare_pictures(frames: Iterable[Image] | None) -> tuple[list[str], bytes]:
    if frames is None:
        return [], b""
    stacked = np.stack(list(frames))  # [K, height, width, 3]
    size = f"{stacked.shape[2]}x{stacked.shape[1]}"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(FRAMES_PER_SECOND)]
    return [*raw, "-i", "pipe:0"], stacked.tobytes()


def _prepare_sound(
    samples: NDArray[np.float32] | None, path: Path, *, sample_rate: int
) -> list[str]:
    if samples is None:
        return []
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(to_pcm16(samples).tobytes())
    return ["-i", str(path)]
