"""SVHF's spectrogram: magnitudes of a 512-point FFT, normalised per bin (SPEC 6.1)."""

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from tasks.audio.waveform import tile_samples

FRAME, HOP, FFT = 400, 160, 512  # 25 and 10 ms at 16 kHz
NUM_BINS = FFT // 2 + 1
MIN_FRAMES = 100  # the smallest bucket of the pooling
DC_POLE = 0.99
DITHER = 1e-6  # of the sound's deviation
PRE_EMPHASIS = 0.97  # recalled
BLOCK = 256  # frames transformed at once: they stay in the cache


def compute_magnitudes(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.float32]:
    """[T, 257] of `samples` [N] at 16 kHz, each bin of mean 0 and deviation 1 over the recording.

    The other 255 of the 512 rows mirror these, so they are not kept. Recordings of less than 100
    frames are repeated up to there (chosen). ValueError if there are no samples.
    """
    sound = _prepare(tile_samples(samples, max(len(samples), FRAME + (MIN_FRAMES - 1) * HOP)))
    windows = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]  # [T, 400]
    magnitudes = np.empty((len(windows), NUM_BINS))
    for first in range(0, len(windows), BLOCK):
        block = slice(first, first + BLOCK)
        magnitudes[block] = np.abs(np.fft.rfft(windows[block] * np.hamming(FRAME), FFT))
    # One sound value throughout leaves bins without any spread: they become 0.
    deviation = magnitudes.std(axis=0, ddof=1)
    deviation[deviation == 0] = 1.0
    normalised: npt.NDArray[np.float64] = (magnitudes - magnitudes.mean(axis=0)) / deviation
    return normalised.astype(np.float32)


def _prepare(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """Without DC, with dither (triangular, recalled; the same for every recording), emphasised."""
    sound = lfilter([1, -1], [1, -DC_POLE], samples.astype(np.float64))
    noise = np.random.default_rng(0).random((2, len(sound))).sum(axis=0) - 1
    sound = sound + DITHER * sound.std() * noise
    emphasised: npt.NDArray[np.float64] = lfilter([1, -PRE_EMPHASIS], [1], sound)
    return emphasised
