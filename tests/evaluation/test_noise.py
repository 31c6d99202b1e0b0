import numpy as np
import pytest
from scipy import signal

from tasks.evaluation.noise import DURATIONS_S, SAMPLE_RATE, make_noise, mix_babble


@pytest.mark.parametrize(("colour", "exponent"), [("white", 0), ("pink", 1), ("brown", 2)])
def test_power_falls_with_frequency(colour, exponent):
    noise = make_noise(colour, seconds=30, seed=0)
    frequency, power = signal.welch(noise.astype(float), SAMPLE_RATE, nperseg=4096)
    part = (frequency > 60) & (frequency < 7000)
    slope = np.polyfit(np.log(frequency[part]), np.log(power[part]), 1)[0]
    assert slope == pytest.approx(-exponent, abs=0.06)


@pytest.mark.parametrize("seconds", DURATIONS_S)
def test_durations_level_and_seed(seconds):
    noise = make_noise("brown", seconds=seconds, seed=4)
    assert noise.dtype == np.int16
    assert len(noise) == seconds * 16_000
    assert np.sqrt(np.mean(noise.astype(float) ** 2)) == pytest.approx(3276.7, rel=0.01)
    assert np.array_equal(noise, make_noise("brown", seconds=seconds, seed=4))
    assert not np.array_equal(noise, make_noise("brown", seconds=seconds, seed=5))


def test_babble_holds_every_voice_equally_loud():
    times = np.arange(8000) / SAMPLE_RATE
    tones = [200.0 + 100 * index for index in range(8)]
    voices = [
        (1000 * (1 + index) * np.sin(2 * np.pi * tone * times)).astype(np.int16)
        for index, tone in enumerate(tones)
    ]
    babble = mix_babble(voices, seconds=1, seed=0)
    spectrum = np.abs(np.fft.rfft(babble.astype(float)))
    levels = [spectrum[round(tone)] for tone in tones]
    assert min(levels) == pytest.approx(max(levels), rel=0.02)
    assert min(levels) > 50 * np.median(spectrum)


def test_too_few_or_silent_voices():
    voice = np.ones(10, np.int16)
    with pytest.raises(ValueError, match="8 or more"):
        mix_babble([voice] * 7, seconds=1, seed=0)
    with pytest.raises(ValueError, match="voice 7 is silent"):
        mix_babble([voice] * 7 + [np.zeros(5, np.int16)], seconds=1, seed=0)
