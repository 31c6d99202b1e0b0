"""Log-mel features of voiced samples, as WEN's Sphinx-style front end (SPEC 2.1 steps 3 to 5)."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16000
FRAME = 400  # 25 ms
HOP = 160  # 10 ms
FFT = 1024
NUM_MELS = 64
LOW_HZ, HIGH_HZ = 20.0, 7200.0
PRE_EMPHASIS = 0.97
FLOOR = 1e-5
EPSILON = float(np.finfo(np.float32).eps)  # 1.19e-7, added to the standard deviation
MIN_FRAMES = 1000  # 10 s; shorter recordings are repeated
BLOCK = 256  # frames transformed at once: they stay in the cache, which halves the time


def compute_logmel(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.float32]:
    """Log-mel [N // 160 + 1, 64] of `samples` [N] at 16 kHz, on the integers' own scale.

    Computed in float64. ValueError if there are no samples.
    """
    if len(samples) == 0:
        raise ValueError("no samples: a log-mel needs at least one")
    frames = _emphasise(_split_frames(samples))
    logmel = np.empty((len(frames), NUM_MELS), dtype=np.float32)
    for first in range(0, len(frames), BLOCK):
        logmel[first : first + BLOCK] = _transform(frames[first : first + BLOCK])
    return logmel


def normalise_logmel(logmel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Each mel bin of `logmel` [T, 64] less its mean over time, over its population deviation."""
    values = logmel.astype(np.float64)
    deviation = values.std(axis=0) + EPSILON
    values -= values.mean(axis=0)
    values /= deviation
    return values.astype(np.float32)


def tile_logmel(
    logmel: npt.NDArray[np.float32], *, num_frames: int = MIN_FRAMES
) -> npt.NDArray[np.float32]:
    """`logmel` [T, 64] repeated and cut to `num_frames` if shorter; otherwise as it is."""
    if len(logmel) >= num_frames:
        return logmel
    return np.resize(logmel, (num_frames, logmel.shape[1]))


def build_mel_bank() -> npt.NDArray[np.float64]:
    """Triangles [513, 64] of unit area in Hz, with edges rounded to the bins of the DFT."""
    bin_hz = SAMPLE_RATE / FFT
    mels = np.linspace(_convert_to_mel(LOW_HZ), _convert_to_mel(HIGH_HZ), NUM_MELS + 2)
    edges = np.rint(700 * (10 ** (mels / 2595) - 1) / bin_hz).astype(int)
    bank = np.zeros((FFT // 2 + 1, NUM_MELS))
    for mel, (left, centre, right) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        height = 2 / ((right - left) * bin_hz)
        rising = np.arange(left + 1, centre + 1)
        falling = np.arange(centre + 1, right)
        bank[rising, mel] = height * (rising - left) / (centre - left)
        bank[falling, mel] = height * (right - falling) / (right - centre)
    return bank


def _convert_to_mel(frequency_hz: float) -> float:
    return float(2595 * np.log10(1 + frequency_hz / 700))


@lru_cache(maxsize=1)
def _build_constants() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], slice]:
    """Window [400], the bank's rows with any weight [K, 64] and which of the 513 bins they are."""
    bank = build_mel_bank()
    bins = np.flatnonzero(bank.any(axis=1))
    used = slice(int(bins[0]), int(bins[-1]) + 1)
    return np.hamming(FRAME), bank[used], used


def _transform(frames: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Log-mel [T, 64] of emphasised `frames` [T, 400]."""
    window, bank, used = _build_constants()
    spectrum = np.fft.rfft(frames * window, FFT)[:, used]
    power = spectrum.real**2 + spectrum.imag**2
    logmel: npt.NDArray[np.float64] = np.log(np.maximum(power @ bank, FLOOR))
    return logmel


def _split_frames(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Frames [N // 160 + 1, 400]; a partial one is repeated to 400, an empty one is zeros."""
    num_frames = len(samples) // HOP + 1
    num_whole = max(0, (len(samples) - FRAME) // HOP + 1)
    frames = np.zeros((num_frames, FRAME), dtype=np.int16)
    if num_whole:
        frames[:num_whole] = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    for i in range(num_whole, num_frames):
        frames[i] = np.resize(samples[i * HOP :], FRAME)  # zeros if nothing is left
    return frames


def _emphasise(frames: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """Pre-emphasis inside each of `frames` [T, 400].

    What comes before a frame is the last sample of the frame before it, as in WEN's code, and
    not the sample before it in time: frames overlap. Zero before the first.
    """
    emphasised = frames.astype(np.float64)
    emphasised[:, 1:] -= PRE_EMPHASIS * frames[:, :-1]
    emphasised[1:, 0] -= PRE_EMPHASIS * frames[:-1, -1]
    return emphasised
