"""How a sitter moves: the mouth with the sound; head, gaze and blinks freely."""

import numpy as np
from numpy.typing import NDArray

from tasks.sample.draw import Pose

FRAMES_PER_SECOND = 25
LOUD_PERCENTILE = 92  # the level at which the mouth is fully open
HISSING_CROSSINGS = 0.4  # sign changes per sample of a voiceless fricative
BLINK_FRAMES = 3
BLINK_EVERY_S = 2.8

Levels = NDArray[np.float64]


def animate_pose(
    samples: NDArray[np.float32], *, sample_rate: int, rng: np.random.Generator
) -> list[Pose]:
    """One pose for every whole frame of the sound."""
    loudness, hiss = measure_speech(samples, sample_rate=sample_rate)
    num_frames = len(loudness)
    blinks = _draw_blinks(num_frames, rng)
    yaw = rng.normal(0, 0.10) + _sway(num_frames, 0.09, rng=rng)
    pitch = rng.normal(0, 0.04) + _sway(num_frames, 0.035, rng=rng) - 0.03 * loudness
    roll = _sway(num_frames, 0.03, rng=rng)
    smile = rng.uniform(0, 0.3)
    look = _sway(num_frames, 0.08, rng=rng)
    return [
        Pose(
            yaw=float(yaw[k]),
            pitch=float(pitch[k]),
            roll=float(roll[k]),
            gaze=(float(look[k] - 0.3 * yaw[k]), 0.0),
            actions=_shape_face(loudness[k], hiss[k], blink=blinks[k], smile=smile),
        )
        for k in range(num_frames)
    ]


def measure_speech(samples: NDArray[np.float32], *, sample_rate: int) -> tuple[Levels, Levels]:
    """Loudness and hiss per video frame, [num_frames] each, about 0 to 1."""
    per_frame = sample_rate // FRAMES_PER_SECOND
    num_frames = len(samples) // per_frame
    frames = samples[: num_frames * per_frame].reshape(num_frames, per_frame)  # [K, samples]
    level = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1))
    loudness = np.clip(level / (np.percentile(level, LOUD_PERCENTILE) + 1e-6), 0, 1.1)
    loudness = np.convolve(np.pad(loudness, 1, mode="edge"), (0.25, 0.5, 0.25), "valid")
    crossings = np.abs(np.diff(np.sign(frames), axis=1)).mean(axis=1) / 2
    hiss = np.clip(2 * crossings / HISSING_CROSSINGS, 0, 1) * (loudness > 0.08)
    return loudness, hiss


def _shape_face(loudness: float, hiss: float, *, blink: float, smile: float) -> dict[str, float]:
    return {
        "jawOpen": 0.55 * loudness * (1 - 0.6 * hiss),
        "mouthStretchLeft": 0.3 * hiss,
        "mouthStretchRight": 0.3 * hiss,
        "mouthFunnel": 0.25 * max(0.0, loudness - hiss),
        "mouthSmileLeft": smile,
        "mouthSmileRight": smile,
        "eyeBlinkLeft": blink,
        "eyeBlinkRight": blink,
        "browInnerUp": 0.25 * loudness,
    }


def _draw_blinks(num_frames: int, rng: np.random.Generator) -> Levels:
    closed = np.zeros(num_frames)
    frame = int(rng.uniform(0.3, BLINK_EVERY_S) * FRAMES_PER_SECOND)
    while frame < num_frames:
        closed[frame : frame + BLINK_FRAMES] = 1
        frame += int(rng.uniform(0.6, 1.4) * BLINK_EVERY_S * FRAMES_PER_SECOND)
    return np.convolve(np.pad(closed, 1, mode="edge"), (0.25, 0.5, 0.25), "valid")


def _sway(num_frames: int, amplitude: float, *, rng: np.random.Generator) -> Levels:
    """Two slow sines with periods of 2 to 6 s."""
    seconds = np.arange(num_frames) / FRAMES_PER_SECOND
    sway = np.zeros(num_frames)
    for period_s, share in zip(rng.uniform(2, 6, 2), (0.7, 0.3), strict=True):
        sway += share * np.sin(2 * np.pi * (seconds / period_s + rng.random()))
    return amplitude * sway
