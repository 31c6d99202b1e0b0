from dataclasses import replace

import numpy as np
import pytest

from tasks.sample.people import draw_person
from tasks.sample.voice import bend_f0, stretch_frequencies

VOICE = replace(draw_person(0).voice, jitter=0.0)


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.15])
def test_stretching_equals_interpolation(factor: float) -> None:
    envelope = np.random.default_rng(0).standard_normal((601, 4)).astype(np.float32)
    bins = np.arange(601)
    expected = np.stack([np.interp(bins / factor, bins, column) for column in envelope.T], axis=1)
    np.testing.assert_allclose(stretch_frequencies(envelope, factor), expected, atol=1e-5)


def test_a_formant_moves_up_by_the_factor() -> None:
    envelope = np.exp(-(((np.arange(601) - 100) / 8) ** 2))[:, None].astype(np.float32)
    assert stretch_frequencies(envelope, 1.2).argmax() == 120


def test_f0_keeps_its_geometric_mean_and_spreads_around_it() -> None:
    f0_hz = np.array([0, 180, 200, 220, 0, 240], np.float32)
    voice = replace(VOICE, f0_scale=0.5, prosody_scale=2.0)
    bent = bend_f0(f0_hz, voice, rng=np.random.default_rng(0))
    voiced = f0_hz > 0
    assert (bent[~voiced] == 0).all()
    before, after = np.log(f0_hz[voiced]), np.log(bent[voiced])
    assert after.mean() == pytest.approx(before.mean() + np.log(0.5), abs=1e-5)
    assert after.std() == pytest.approx(2 * before.std(), rel=1e-4)


def test_silence_has_no_pitch() -> None:
    unvoiced = np.zeros(5, np.float32)
    assert (bend_f0(unvoiced, VOICE, rng=np.random.default_rng(0)) == 0).all()
