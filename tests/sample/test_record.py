from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from tasks.sample import record
from tasks.sample.animate import FRAMES_PER_SECOND
from tasks.sample.generate import make_recording
from tasks.sample.plan import Fault, Recording, make_video_id
from tasks.sample.record import Sound, record_pictures, record_sound
from tasks.sample.voice import SAMPLE_RATE

RECORDING = Recording(make_video_id(7), person_seed=2, seed=7, list_name="train")


def make_hum(length_s: float) -> Sound:
    time_s = np.arange(int(length_s * SAMPLE_RATE)) / SAMPLE_RATE
    return Sound(np.sin(2 * np.pi * 150 * time_s).astype(np.float32), ((0.0, length_s),))


def test_the_same_recording_has_the_same_frames_twice() -> None:
    sound = make_hum(0.2)
    frames, segments = record_pictures(RECORDING, sound)
    again, same_segments = record_pictures(RECORDING, sound)
    assert len(frames) == round(0.2 * FRAMES_PER_SECOND)
    assert frames[0].shape == (160, 160, 3)
    assert np.array_equal(frames, again)
    assert segments == same_segments


def test_the_point_of_the_list_lies_on_the_speaker_not_on_the_listener() -> None:
    watched = replace(RECORDING, listener_seed=1)
    frames, (segment,) = record_pictures(watched, make_hum(0.04))
    assert frames[0].shape == (160, 288, 3)
    assert 0.15 < segment.x < 0.4
    assert 0.4 < segment.y < 0.8


def test_a_faceless_video_moves() -> None:
    frames, _ = record_pictures(replace(RECORDING, fault=Fault.faceless), make_hum(0.08))
    assert not np.array_equal(frames[0], frames[1])


def test_the_same_recording_has_the_same_sound_twice() -> None:
    pytest.importorskip("hibari", reason="making voices needs hibari-tts")
    sound, again = record_sound(RECORDING), record_sound(RECORDING)
    assert np.array_equal(sound.samples, again.samples)
    ((start_s, end_s),) = sound.spans
    assert start_s > 0
    assert 3 <= end_s - start_s <= 5
    assert end_s < len(sound.samples) / SAMPLE_RATE


def test_a_file_is_made_the_same_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.sample.generate.record_sound", lambda _: make_hum(0.4))
    contents = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        made = make_recording(RECORDING, tmp_path / name)
        contents.append((tmp_path / name / f"{RECORDING.video_id}.mp4").read_bytes())
        assert made.recording is RECORDING
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("fault", "streams"),
    [(Fault.no_sound, ["video"]), (Fault.no_picture, ["audio"]), (None, ["video", "audio"])],
)
def test_streams(
    fault: Fault | None, streams: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.sample.generate.record_sound", lambda _: make_hum(0.2))
    recording = replace(RECORDING, fault=fault)
    make_recording(recording, tmp_path)
    with av.open(str(tmp_path / f"{recording.video_id}.mp4")) as container:
        assert [stream.type for stream in container.streams] == streams


def test_a_silent_recording_holds_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    hum = make_hum(3.0).samples
    monkeypatch.setattr(record, "_say", lambda *_, **__: hum)
    assert not record_sound(replace(RECORDING, fault=Fault.silent)).samples.any()
