"""Many speakers from one synthetic voice, by bending what its vocoder is given.

`hibari-tts` (Apache-2.0) predicts, per 12.5 ms frame, the envelopes of a harmonic, a noise and a
residual part on 601 bins from 0 to 12 kHz, and F0. Scaling F0 changes pitch; stretching the
envelopes' frequency axis changes the length of the vocal tract; tilt, noise and F0 jitter age it.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.sample.people import Voice

Floats = NDArray[np.float32]
SAMPLE_RATE = 24000
NYQUIST_HZ = 12000
VOICED_ABOVE_HZ = 40.0  # the vocoder takes lower F0 as unvoiced
NEPERS_PER_DB = np.log(10) / 20
PAUSE_S = 0.12
PEAK = 0.7


@dataclass(frozen=True)
class VocoderFrames:
    """Envelopes [601, F] as natural logarithms (`phase` and `residual_phase` in radians or
    half turns, as the vocoder wants them), F0 [F] in Hz, 0 where unvoiced."""

    harmonic: Floats
    phase: Floats
    noise: Floats
    residual: Floats
    residual_phase: Floats
    f0_hz: Floats


def synthesise_speech(text: str, voice: Voice, *, seed: int) -> Floats:
    """Samples at SAMPLE_RATE with peak PEAK, a short pause after each sentence.

    Raises ModuleNotFoundError where hibari-tts is not installed.
    """
    engine, rng = _load_engine(), np.random.default_rng(seed)
    parts = []
    for phonemes in engine.phonemize(text):
        frames = bend_frames(_predict_frames(engine, phonemes, speed=voice.speed), voice, rng=rng)
        parts += [_run_vocoder(frames, rng), np.zeros(int(PAUSE_S * SAMPLE_RATE), np.float32)]
    speech = np.concatenate(parts)
    return np.asarray(PEAK * speech / np.abs(speech).max(), np.float32)


def bend_frames(frames: VocoderFrames, voice: Voice, *, rng: np.random.Generator) -> VocoderFrames:
    stretch, tilt = voice.formant_scale, _make_tilt(voice.tilt_db_per_octave)
    breath = np.float32(voice.breath_db * NEPERS_PER_DB)
    return VocoderFrames(
        harmonic=stretch_frequencies(frames.harmonic, stretch) + tilt,
        phase=stretch_frequencies(frames.phase, stretch),
        noise=stretch_frequencies(frames.noise, stretch) + tilt + breath,
        residual=stretch_frequencies(frames.residual, stretch) + tilt,
        residual_phase=frames.residual_phase,
        f0_hz=bend_f0(frames.f0_hz, voice, rng=rng),
    )


def stretch_frequencies(envelope: Floats, factor: float) -> Floats:
    """[bins, F]: what was at bin k comes to bin factor * k; the last bin is repeated."""
    bins = len(envelope)
    source = np.clip(np.arange(bins) / factor, 0, bins - 1)
    below = np.floor(source).astype(int)
    above = np.minimum(below + 1, bins - 1)
    share = (source - below).astype(np.float32)[:, None]
    return np.asarray(envelope[below] * (1 - share) + envelope[above] * share, np.float32)


def bend_f0(f0_hz: Floats, voice: Voice, *, rng: np.random.Generator) -> Floats:
    """Scales log F0 around the sentence's mean and shifts it; unvoiced frames stay 0."""
    voiced = f0_hz > VOICED_ABOVE_HZ
    if not voiced.any():
        return np.zeros_like(f0_hz)
    log_f0 = np.log(np.where(voiced, f0_hz, 1))
    mean = log_f0[voiced].mean()
    bent = mean + voice.prosody_scale * (log_f0 - mean) + np.log(voice.f0_scale)
    bent = bent + voice.jitter * rng.standard_normal(len(f0_hz))
    return np.where(voiced, np.exp(bent), 0).astype(np.float32)


def _make_tilt(db_per_octave: float) -> Floats:
    """[601, 1] in nepers, 0 at 1 kHz; below the fifth bin the tilt stays level."""
    frequency = np.maximum(np.arange(601), 5) / 601 * NYQUIST_HZ
    nepers = db_per_octave * np.log2(frequency / 1000) * NEPERS_PER_DB
    return np.asarray(nepers[:, None], np.float32)


@cache
def _load_engine() -> Any:
    try:
        from hibari import Hibari
    except ModuleNotFoundError as error:
        message = "making the sample corpus needs hibari-tts: pip install hibari-tts==0.2.1"
        raise ModuleNotFoundError(message) from error
    return Hibari(threads=1)


def _predict_frames(engine: Any, phonemes: str, *, speed: float) -> VocoderFrames:
    inputs = {
        "ids": np.asarray([engine.ids(phonemes)], np.int64),
        "speed": np.asarray([speed], np.float32),
    }
    return VocoderFrames(*(output[0] for output in engine.sess.run(None, inputs)))


def _run_vocoder(frames: VocoderFrames, rng: np.random.Generator) -> Floats:
    from hibari import dsp

    return np.asarray(
        dsp.synth(
            frames.harmonic,
            frames.phase,
            frames.noise,
            frames.residual,
            frames.residual_phase,
            frames.f0_hz,
            rng,
        ),
        np.float32,
    )
