"""Voiced parts of a recording by WebRTC's VAD, bit-exact with WEN's script (SPEC 2.1 step 2)."""

from collections import deque

import numpy as np
import numpy.typing as npt
import webrtcvad

VOICED_SHARE = 0.9  # of the ring buffer, to open and to close a segment; WEN's script


def find_voiced_frames(
    samples: npt.NDArray[np.int16],
    *,
    aggressiveness: int = 2,
    frame_ms: int = 20,
    padding_ms: int = 50,
    sample_rate: int = 16000,
) -> list[tuple[int, int]]:
    """Half-open sample ranges of the voiced segments in `samples` [N], in order and disjoint.

    Two segments may touch. Empty if nothing is voiced. ValueError for values WebRTC does not take.
    """
    frame_size = sample_rate * frame_ms // 1000
    num_padding = padding_ms // frame_ms if frame_ms > 0 else 0
    _check_settings(aggressiveness, sample_rate, frame_size, num_padding)
    frames = _split_frames(samples, frame_size)
    # The detector adapts to what it is asked about, so each recording has its own.
    vad = webrtcvad.Vad(aggressiveness)
    buffer: deque[bytes] = deque(maxlen=num_padding)
    ranges: list[tuple[int, int]] = []
    start: int | None = None
    for end, frame in enumerate(frames, start=1):
        buffer.append(frame)
        # Asked again about every buffered frame, oldest first: the order changes later answers.
        num_voiced = sum([vad.is_speech(buffered, sample_rate) for buffered in buffer])
        if start is None and num_voiced > VOICED_SHARE * num_padding:
            start = end - len(buffer)
            buffer.clear()
        elif start is not None and len(buffer) - num_voiced > VOICED_SHARE * num_padding:
            ranges.append((start * frame_size, end * frame_size))
            start = None
            buffer.clear()
    if start is not None:
        ranges.append((start * frame_size, len(frames) * frame_size))
    return ranges


def select_voiced(
    samples: npt.NDArray[np.int16], ranges: list[tuple[int, int]]
) -> npt.NDArray[np.int16]:
    """The samples [M] of all `ranges` of `samples` [N], one after the other."""
    empty = np.empty(0, dtype=np.int16)
    return np.concatenate([empty, *(samples[start:end] for start, end in ranges)])


def _check_settings(
    aggressiveness: int, sample_rate: int, frame_size: int, num_padding: int
) -> None:
    if aggressiveness not in range(4):
        raise ValueError(f"aggressiveness {aggressiveness} is not 0, 1, 2 or 3")
    if not webrtcvad.valid_rate_and_frame_length(sample_rate, frame_size):
        raise ValueError(f"WebRTC takes no frames of {frame_size} samples at {sample_rate} Hz")
    if num_padding < 1:
        raise ValueError("padding_ms is shorter than frame_ms: nothing would ever be voiced")


def _split_frames(samples: npt.NDArray[np.int16], frame_size: int) -> list[bytes]:
    """Whole frames as little-endian PCM, while offset + frame_size < N.

    So a frame that ends exactly with the recording is left out, as in WEN's script.
    """
    pcm = samples.astype("<i2").tobytes()
    num_frames = max(len(samples) - 1, 0) // frame_size
    step = 2 * frame_size  # bytes
    return [pcm[i * step : (i + 1) * step] for i in range(num_frames)]
