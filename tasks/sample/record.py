"""One planned recording as sound and pictures: what is said when, and what the camera sees."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.records import Seconds
from tasks.sample.animate import FRAMES_PER_SECOND, animate_pose
from tasks.sample.draw import Image, Sitter, View, draw_frame, locate_face
from tasks.sample.head import HeadBasis, compute_head_shape, read_head_basis
from tasks.sample.paint import paint_head
from tasks.sample.people import draw_person
from tasks.sample.plan import Fault, Recording
from tasks.sample.scene import Scene, draw_scene
from tasks.sample.sentences import SENTENCES
from tasks.sample.voice import SAMPLE_RATE, synthesise_speech

SPEECH_RANGE_S = (2.9, 4.2)
LEAD_RANGE_S = (0.2, 0.6)
GAP_S = 0.6
TAIL_S = 0.36
MARGIN_S = 0.12  # a listed segment begins and ends this much outside its speech
FADE_S = 0.02
ROOM_NOISE = 0.0008  # standard deviation; real rooms are not silent
SHORT_SPEECH_S = 0.5
TINY_EYE_DISTANCE_PX = 12.0
LISTENER_WIDTH_PX = 288

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Segment:
    """A row of the list: seconds of the video, face centre as fractions of width and height."""

    start_s: Seconds
    end_s: Seconds
    x: float
    y: float


@dataclass(frozen=True)
class Sound:
    """Samples at SAMPLE_RATE and when each listed segment begins and ends."""

    samples: Samples
    spans: tuple[tuple[Seconds, Seconds], ...]


def record_sound(recording: Recording) -> Sound:
    """A pause, then for each segment some sentences and another pause."""
    rng = np.random.default_rng((recording.seed, 20))
    time_s = _round_to_frame(rng.uniform(*LEAD_RANGE_S))
    parts, spans = [_make_pause(time_s)], []
    for index in range(recording.num_segments):
        speech = _say(recording, index=index)
        length_s = len(speech) / SAMPLE_RATE
        start_s = _round_to_frame(time_s - MARGIN_S)
        spans.append((start_s, _round_to_frame(time_s + length_s + MARGIN_S)))
        gap_s = TAIL_S if index == recording.num_segments - 1 else GAP_S
        parts += [speech, _make_pause(gap_s)]
        time_s += length_s + gap_s
    samples = np.concatenate(parts)
    if recording.fault is Fault.silent:
        return Sound(np.zeros_like(samples), tuple(spans))
    noise = ROOM_NOISE * rng.standard_normal(len(samples))
    return Sound((samples + noise).astype(np.float32), tuple(spans))


def record_pictures(recording: Recording, sound: Sound) -> tuple[list[Image], list[Segment]]:
    """All frames at FRAMES_PER_SECOND, and the segments with the face at their first frame."""
    rng = np.random.default_rng((recording.seed, 21))
    scene = draw_scene(rng, _choose_view(recording))
    if recording.fault is Fault.faceless:
        num_frames = int(len(sound.samples) / SAMPLE_RATE * FRAMES_PER_SECOND)
        segments = [Segment(*span, x=0.5, y=0.5) for span in sound.spans]
        return list(_draw_pattern(scene, num_frames)), segments
    sitter = _make_sitter(recording.person_seed, scene)
    background = _add_listener(recording, scene, rng=rng)
    poses = animate_pose(sound.samples, sample_rate=SAMPLE_RATE, rng=rng)
    frames = [draw_frame(sitter, pose, view=scene.view, background=background) for pose in poses]
    segments = []
    for start_s, end_s in sound.spans:
        x, y = locate_face(sitter, poses[round(start_s * FRAMES_PER_SECOND)], view=scene.view)
        segments.append(Segment(start_s, end_s, x, y))
    return frames, segments


@cache
def _get_basis() -> HeadBasis:
    return read_head_basis()


def _say(recording: Recording, *, index: int) -> Samples:
    """Random sentences, cut at a random length within SPEECH_RANGE_S as a list's segments are."""
    rng = np.random.default_rng((recording.seed, 22, index))
    voice = draw_person(recording.person_seed).voice
    num_samples = int(rng.uniform(*SPEECH_RANGE_S) * SAMPLE_RATE)
    speech = np.zeros(0, np.float32)
    for choice in rng.permutation(len(SENTENCES)):
        if len(speech) >= num_samples:
            break
        said = synthesise_speech(SENTENCES[choice], voice, seed=recording.seed)
        speech = np.concatenate([speech, said])
    speech = _fade_out(speech[:num_samples])
    if recording.fault is Fault.short_speech:
        speech[int(SHORT_SPEECH_S * SAMPLE_RATE) :] = 0
    return speech


def _fade_out(speech: Samples) -> Samples:
    faded, length = speech.copy(), int(FADE_S * SAMPLE_RATE)
    faded[-length:] *= np.linspace(1, 0, length, dtype=np.float32)
    return faded


def _make_pause(length_s: Seconds) -> Samples:
    return np.zeros(round(length_s * SAMPLE_RATE), np.float32)


def _round_to_frame(time_s: Seconds) -> Seconds:
    return float(round(time_s * FRAMES_PER_SECOND) / FRAMES_PER_SECOND)


def _choose_view(recording: Recording) -> View | None:
    if recording.fault is Fault.tiny_face:
        return View(eye_distance_px=TINY_EYE_DISTANCE_PX)
    if recording.listener_seed is not None:
        return View(width=LISTENER_WIDTH_PX, eyes_at=(0.27, 0.5), eye_distance_px=31)
    return None


def _make_sitter(person_seed: int, scene: Scene) -> Sitter:
    basis, face = _get_basis(), draw_person(person_seed).face
    paint = paint_head(basis, face, shirt=scene.shirt)
    return Sitter(basis, compute_head_shape(basis, face), paint)


def _add_listener(recording: Recording, scene: Scene, *, rng: np.random.Generator) -> Image:
    """The background, with a second person who keeps still where one is planned."""
    if recording.listener_seed is None:
        return scene.background
    beside = draw_scene(rng, View(width=LISTENER_WIDTH_PX, eyes_at=(0.74, 0.5), eye_distance_px=30))
    sitter = _make_sitter(recording.listener_seed, beside)
    pose = animate_pose(np.zeros(SAMPLE_RATE, np.float32), sample_rate=SAMPLE_RATE, rng=rng)[0]
    seen = draw_frame(sitter, pose, view=beside.view, background=scene.background)
    height, width = scene.background.shape[:2]
    return np.asarray(cv2.resize(seen, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _draw_pattern(scene: Scene, num_frames: int) -> Iterator[Image]:
    """Stripes that wander over the background, and nobody."""
    size = (scene.view.width, scene.view.height)
    room = cv2.resize(scene.background, size, interpolation=cv2.INTER_AREA)
    across = np.arange(size[0])
    for frame in range(num_frames):
        stripes = 40 * np.sin((across + 3 * frame) / 9)
        yield np.clip(room + stripes[None, :, None], 0, 255).astype(np.uint8)
