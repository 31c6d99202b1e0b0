"""Spectrogram against a float64 loop over frames, and its magnitude against scipy (SPEC 2.2)."""

import numpy as np
import numpy.typing as npt
import pytest
import scipy.signal

from tasks.audio.spectrogram import compute_spectrogram

Float64 = npt.NDArray[np.float64]


def loop_spectrogram(signal: Float64) -> Float64:
    """[2, T, 257] by the sum that defines the transform; time starts at each frame's start."""
    bins = np.exp(-2j * np.pi * np.outer(np.arange(400), np.arange(257)) / 512)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    rows = []
    for start in range(0, len(signal) - 399, 160):
        row = (signal[start : start + 400] * hann) @ bins
        rows.append(row)
    spectrum = np.array(rows)
    parts = np.stack([spectrum.real, spectrum.imag])
    compressed: Float64 = np.sign(parts) * np.abs(parts) ** 0.3
    return compressed


def make_noise(num_samples: int) -> npt.NDArray[np.int16]:
    rng = np.random.default_rng(num_samples)
    return rng.integers(-9000, 9000, num_samples).astype(np.int16)


@pytest.mark.parametrize("num_samples", [400, 559, 560, 5000])
def test_equals_the_loop(num_samples: int) -> None:
    samples = make_noise(num_samples)
    spectrogram = compute_spectrogram(samples, seconds=None)
    expected = loop_spectrogram(samples / 32768)
    assert spectrogram.shape == expected.shape == (2, (num_samples - 400) // 160 + 1, 257)
    # The imaginary parts of bins 0 and 256 are 0 up to rounding, of which the power makes 1e-4.
    np.testing.assert_allclose(spectrogram, expected, rtol=1e-5, atol=3e-4)
    np.testing.assert_allclose(spectrogram[:, :, 1:-1], expected[:, :, 1:-1], atol=2e-6)


def test_real_voice_equals_the_loop(real_voices: list[npt.NDArray[np.int16]]) -> None:
    part = real_voices[0][16000:48000]
    spectrogram = compute_spectrogram(part, seconds=2.0)
    expected = loop_spectrogram(part / 32768)
    np.testing.assert_allclose(spectrogram[:, :, 1:-1], expected[:, :, 1:-1], atol=2e-6)


def test_magnitude_and_phase_are_scipys() -> None:
    """scipy scales by the window's sum; undoing the power gives its complex values back."""
    samples = make_noise(8000)
    parts = compute_spectrogram(samples, seconds=None).astype(np.float64)
    real, imaginary = np.sign(parts) * np.abs(parts) ** (1 / 0.3)
    hann = scipy.signal.get_window("hann", 400, fftbins=True)
    _, _, expected = scipy.signal.stft(
        samples / 32768,
        window=hann,
        nperseg=400,
        noverlap=240,
        nfft=512,
        boundary=None,
        padded=False,
        detrend=False,
    )
    np.testing.assert_allclose(real + 1j * imaginary, expected.T * hann.sum(), atol=1e-5)


@pytest.mark.parametrize(("seconds", "num_frames"), [(6.0, 598), (3.0, 298)])
@pytest.mark.parametrize("num_samples", [400, 32000, 96000, 160001])
def test_published_frame_counts(seconds: float, num_frames: int, num_samples: int) -> None:
    spectrogram = compute_spectrogram(make_noise(num_samples), seconds=seconds)
    assert spectrogram.shape == (2, num_frames, 257)
    assert spectrogram.dtype == np.float32
    assert spectrogram.flags.c_contiguous


def test_short_sound_is_repeated_and_long_sound_is_cut() -> None:
    samples = make_noise(40000)
    repeated = np.array([samples[i % 40000] for i in range(96000)], dtype=np.int16)
    expected = compute_spectrogram(repeated, seconds=None)
    np.testing.assert_array_equal(compute_spectrogram(samples), expected)
    longer = np.concatenate([repeated, make_noise(777)])
    np.testing.assert_array_equal(compute_spectrogram(longer), expected)


def test_float_samples_are_the_same_sound() -> None:
    samples = make_noise(96000)
    floats = samples.astype(np.float32) / np.float32(32768)
    np.testing.assert_array_equal(compute_spectrogram(floats), compute_spectrogram(samples))


def test_silence_is_zero() -> None:
    assert not compute_spectrogram(np.zeros(96000, dtype=np.int16)).any()


def test_what_cannot_be_transformed() -> None:
    with pytest.raises(ValueError, match="no samples"):
        compute_spectrogram(np.empty(0, dtype=np.int16))
    with pytest.raises(ValueError, match="399 samples"):
        compute_spectrogram(make_noise(399), seconds=None)
    with pytest.raises(ValueError, match="float64"):
        compute_spectrogram(np.zeros(96000))  # type: ignore[arg-type]
