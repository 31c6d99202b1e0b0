"""Media made here, frame by frame: pictures that carry their number, sound with clicks.

PyAV writes them, so that every timestamp is ours and ffmpeg's own program is checked by another.
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.media.extract import extract
from tasks.params import ExtractParams
from tasks.records import Extract

WIDTH, HEIGHT, RATE = 64, 32, 25
TIMES_S = tuple(number / RATE for number in range(100))
CLICKS_S = (0.5, 1.5, 2.5, 3.5)
CODECS = {
    ".mp4": ("mpeg4", "aac"),
    ".mov": ("mpeg4", "pcm_s16le"),
    ".mkv": ("mpeg4", "pcm_s16le"),
    ".avi": ("mpeg4", "pcm_s16le"),
    ".mpg": ("mpeg2video", "mp2"),
    ".ts": ("mpeg2video", "mp2"),
}


def draw_number(number: int) -> NDArray[np.uint8]:
    """Grey [32, 64, 3] uint8: left half the higher hexadecimal digit, right half the lower."""
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:, : WIDTH // 2] = number // 16 * 14 + 20
    picture[:, WIDTH // 2 :] = number % 16 * 14 + 20
    return picture


def read_number_of(rgb: NDArray[np.uint8]) -> int:
    """The number that a frame carries, from uint8 [32, 64, 3]."""
    halves = rgb[:, : WIDTH // 2 - 8], rgb[:, WIDTH // 2 + 8 :]
    high, low = (round((float(half.mean()) - 20) / 14) for half in halves)
    return high * 16 + low


def draw_clicks(seconds: float, *, rate: int, clicks_s: Sequence[float]) -> NDArray[np.int16]:
    """int16 [N]: pulses of about 1 ms, centred exactly at the given seconds."""
    times = np.arange(round(seconds * rate)) / rate
    pulses = [np.exp(-(((times - at) / 5e-4) ** 2)) for at in clicks_s]
    return np.asarray(23_000 * np.sum(pulses, axis=0), np.int16)


def encode_pictures(stream: Any, times_s: Sequence[float]) -> Iterator[Any]:
    for number, time_s in enumerate(times_s):
        frame = av.VideoFrame.from_ndarray(draw_number(number % 256), format="rgb24")
        frame.pts = round(time_s / stream.codec_context.time_base)
        frame.time_base = stream.codec_context.time_base
        yield from stream.encode(frame)
    yield from stream.encode(None)


def encode_sound(stream: Any, samples: NDArray[np.int16], *, start_s: float) -> Iterator[Any]:
    """int16 [C, N]; the same encoder whatever the format."""
    for first in range(0, samples.shape[1], 1152):
        piece = np.ascontiguousarray(samples[:, first : first + 1152])  # [C, 1152]
        layout = "mono" if len(samples) == 1 else "stereo"
        frame = av.AudioFrame.from_ndarray(piece, format="s16p", layout=layout)
        frame.sample_rate, frame.time_base = stream.rate, Fraction(1, stream.rate)
        frame.pts = first + round(start_s * stream.rate)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def write_media(
    folder: Path,
    name: str = "clip.mp4",
    *,
    times_s: Sequence[float] | None = TIMES_S,
    samples: NDArray[np.int16] | None = None,
    sound_s: float = 4.0,
    sound_start_s: float = 0.0,
    sample_rate: int = 48_000,
    rotation_deg: int = 0,
    unit: Fraction = Fraction(1, RATE),
) -> Path:
    """Numbered frames at `times_s` (None: no pictures), and clicks or `samples` int16 [C, N].

    `sound_s=0` leaves the sound out.
    """
    media = folder / name
    video_codec, audio_codec = CODECS[media.suffix]
    if samples is None:
        clicks = draw_clicks(sound_s, rate=sample_rate, clicks_s=CLICKS_S)
        samples = np.stack([clicks, clicks])  # [2, N]
    with av.open(str(media), "w") as container:
        packets = []
        if times_s is not None:
            video: Any = container.add_stream(video_codec, rate=RATE)
            video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            video.codec_context.time_base = unit
            video.codec_context.qmax, video.codec_context.gop_size = 2, 50
            video.codec_context.max_b_frames = 0 if media.suffix == ".avi" else 2
            if rotation_deg:
                video.set_display_rotation(rotation_deg)
        if samples.size:
            layout = "mono" if len(samples) == 1 else "stereo"
            audio: Any = container.add_stream(audio_codec, rate=sample_rate, layout=layout)
        if times_s is not None:
            packets += list(encode_pictures(video, times_s))
        if samples.size:
            packets += list(encode_sound(audio, samples, start_s=sound_start_s))
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            container.mux(packet)
    return media


def run_extract_on(media: Path, **options: Any) -> Extract:
    """`extract` from 0 to the end for sound and pictures, unless told otherwise."""
    usual: dict[str, Any] = {
        "start_s": 0.0,
        "duration_s": None,
        "needs_video": True,
        "needs_audio": True,
        "params": ExtractParams(num_frames=5),
        "near_middle": False,
    }
    return extract(media, **{**usual, **options})


def find_clicks_in(pcm: bytes) -> list[float]:
    """Seconds of the centres of pulses in int16 mono at 16 kHz."""
    sound = np.frombuffer(pcm, "<i2").astype(np.float64)
    loud = np.flatnonzero(np.abs(sound) > 6000)
    groups = np.split(loud, np.flatnonzero(np.diff(loud) > 160) + 1) if loud.size else []
    spans = [np.arange(max(group[0] - 24, 0), min(group[-1] + 24, sound.size)) for group in groups]
    return [
        float((sound[span] ** 2 * span).sum() / (sound[span] ** 2).sum() / 16_000) for span in spans
    ]


@pytest.fixture
def make_media(tmp_path: Path) -> Callable[..., Path]:
    return partial(write_media, tmp_path)


@pytest.fixture
def run_extract() -> Callable[..., Extract]:
    return run_extract_on


@pytest.fixture
def read_number() -> Callable[[NDArray[np.uint8]], int]:
    return read_number_of


@pytest.fixture
def find_clicks() -> Callable[[bytes], list[float]]:
    return find_clicks_in
