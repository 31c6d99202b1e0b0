"""Compressed complex spectrogram of Speech2Face and AR-SPM (SPEC 2.2)."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tasks.audio.waveform import tile_samples

SAMPLE_RATE = 16000
FRAME = 400  # 25 ms; printed as "25 mm" in S2F section 3
HOP = 160  # 10 ms
FFT = 512
NUM_BINS = FFT // 2 + 1
EXPONENT = np.float32(0.3)
SECONDS = 6.0
BLOCK = 128  # frames transformed at once: they stay in the cache, which halves the time

Samples = npt.NDArray[np.int16] | npt.NDArray[np.float32]


def compute_spectrogram(
    samples: Samples, *, seconds: float | None = SECONDS
) -> npt.NDArray[np.float32]:
    """Real and imaginary parts x as sgn(x)|x|^0.3, [2, T, 257]; T is 598 for 6 s.

    `samples` [N] at 16 kHz, int16 or float32 in [-1, 1], are repeated or cut to `seconds`, or left
    at their length if that is None. ValueError for another dtype or less than one frame.
    """
    num_samples = len(samples) if seconds is None else round(seconds * SAMPLE_RATE)
    scaled = tile_samples(_scale(samples[:num_samples]), num_samples)
    if len(scaled) < FRAME:
        raise ValueError(f"{len(scaled)} samples: a spectrogram needs at least {FRAME}")
    windows = np.lib.stride_tricks.sliding_window_view(scaled, FRAME)[::HOP]
    parts = np.empty((2, len(windows), NUM_BINS), dtype=np.float32)
    for first in range(0, len(windows), BLOCK):
        block = slice(first, first + BLOCK)
        parts[:, block] = _transform(windows[block])
    return parts


def _transform(windows: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Compressed parts [2, T, 257] of `windows` [T, 400]."""
    # The transform fills each frame with zeros at its end, as tf.signal.stft does (SPEC 2.2). It
    # is done in float64: the power 0.3 makes 0.005 of float32's error of 1e-8 around zero.
    spectrum = np.fft.rfft(windows * _build_window(), FFT)  # [T, 257]
    parts = np.stack([spectrum.real, spectrum.imag]).astype(np.float32)
    magnitude: npt.NDArray[np.float32] = np.abs(parts) ** EXPONENT
    return np.copysign(magnitude, parts)


def _scale(samples: Samples) -> npt.NDArray[np.float64]:
    if samples.dtype not in (np.int16, np.float32):
        raise ValueError(f"samples are {samples.dtype}, not int16 or float32")
    full_scale = 32768 if samples.dtype == np.int16 else 1
    return samples.astype(np.float64) / full_scale


@lru_cache(maxsize=1)
def _build_window() -> npt.NDArray[np.float64]:
    """Periodic Hann [400]."""
    return np.hanning(FRAME + 1)[:-1]
