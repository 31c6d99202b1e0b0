"""Sounds that are nobody's voice (SPEC 5.1, WEN Fig. 2): int16 mono at 16 kHz."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
DURATIONS_S = (1.0, 2.0, 3.0, 5.0, 10.0)
Colour = Literal["white", "pink", "brown"]
# Power falls with 1/f to this exponent.
EXPONENTS: Mapping[Colour, int] = {"white": 0, "pink": 1, "brown": 2}
# Below hearing there is nothing, or brown noise would be all rumble, more of it the longer it is.
LOWEST_HZ = 20.0
# -20 dB of full scale, about the level of speech recordings (chosen).
LEVEL = 0.1
MIN_BABBLE_VOICES = 8

Samples = npt.NDArray[np.int16]


def make_noise(colour: Colour, *, seconds: float, seed: int) -> Samples:
    """Gaussian noise [N] with power density 1/f^0, 1/f or 1/f² from LOWEST_HZ up."""
    num_samples = round(seconds * SAMPLE_RATE)
    generator = np.random.default_rng(seed)
    spectrum = np.fft.rfft(generator.standard_normal(num_samples))
    frequency_hz = np.fft.rfftfreq(num_samples, 1 / SAMPLE_RATE)
    is_heard = frequency_hz >= LOWEST_HZ
    shape = np.zeros(len(spectrum))
    shape[is_heard] = frequency_hz[is_heard] ** (-EXPONENTS[colour] / 2)
    return scale_to_level(np.fft.irfft(spectrum * shape, num_samples))


def mix_babble(voices: Sequence[Samples], *, seconds: float, seed: int) -> Samples:
    """At least MIN_BABBLE_VOICES voices at once, equally loud, each from a random place, repeated
    if it is short. Raises ValueError for too few or silent voices."""
    if len(voices) < MIN_BABBLE_VOICES:
        raise ValueError(f"babble of {len(voices)} voices: {MIN_BABBLE_VOICES} or more are needed")
    num_samples = round(seconds * SAMPLE_RATE)
    generator = np.random.default_rng(seed)
    mixed = np.zeros(num_samples)
    for index, voice in enumerate(voices):
        samples = voice.astype(np.float64)
        power = float(np.mean(samples**2)) if len(samples) else 0.0
        if power == 0.0:
            raise ValueError(f"babble: voice {index} is silent")
        places = np.arange(num_samples) + generator.integers(len(samples))
        mixed += np.take(samples, places, mode="wrap") / np.sqrt(power)
    return scale_to_level(mixed)


def scale_to_level(sound: npt.NDArray[np.float64]) -> Samples:
    """RMS to LEVEL of full scale, quieter where peaks would clip."""
    rms, peak = float(np.sqrt(np.mean(sound**2))), float(np.abs(sound).max())
    gain = min(LEVEL / rms, 1 / peak) if rms > 0 else 0.0
    return np.rint(sound * gain * np.iinfo(np.int16).max).astype(np.int16)
