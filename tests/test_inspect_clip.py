"""One file through every step, on a video of the embedded corpus."""

import csv
import json
import subprocess
import sys
import wave
from pathlib import Path

import cv2
import numpy as np
import pytest

from tasks.inspect_clip import Inspection, inspect_clip, write_wav
from tasks.params import Params, read_params

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tasks" / "sample"


@pytest.fixture(scope="module")
def params() -> Params:
    return read_params(ROOT / "params.yaml")


@pytest.fixture(scope="module")
def listed() -> tuple[Path, float, float, float, float]:
    with (SAMPLE / "avspeech_train.csv").open(newline="", encoding="utf-8") as file:
        for video_id, *numbers in csv.reader(file):
            path = SAMPLE / "videos" / f"{video_id}.mp4"
            if path.exists():
                start_s, end_s, x, y = map(float, numbers)
                return path, start_s, end_s, x, y
    raise AssertionError("the embedded corpus has no video")


def test_every_product_is_there(
    tmp_path: Path, params: Params, listed: tuple[Path, float, float, float, float]
) -> None:
    media, start_s, end_s, x, y = listed
    report = inspect_clip(Inspection(media, start_s, end_s, x, y), out=tmp_path, params=params)
    assert report == json.loads((tmp_path / "outcome.json").read_text())
    assert report["status"] == "kept"
    with wave.open(str(tmp_path / "audio.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (16000, 1)
        assert sound.getnframes() == pytest.approx(16000 * (end_s - start_s), abs=16)
    with wave.open(str(tmp_path / "voiced.wav")) as sound:
        assert sound.getnframes() / 16000 == pytest.approx(report["speech_s"])
        assert len(np.load(tmp_path / "logmel.npy")) == sound.getnframes() // 160 + 1
    spectrogram = np.load(tmp_path / "spectrogram.npy")
    assert (spectrogram.shape, spectrogram.dtype) == ((2, 598, 257), np.float32)
    frame = cv2.imread(str(tmp_path / "frame.png"))
    landmarks = np.array(json.loads((tmp_path / "landmarks.json").read_text()))
    assert landmarks.shape == (68, 2)
    assert (landmarks > -1).all()
    assert (landmarks < (frame.shape[1], frame.shape[0])).all()
    left, top, right, bottom = report["face_box"]
    assert left < landmarks[30, 0] < right  # the nose's tip lies in the box
    assert top < landmarks[30, 1] < bottom
    assert cv2.imread(str(tmp_path / "face_224.png")).shape == (224, 224, 3)
    assert cv2.imread(str(tmp_path / "face_64.png")).shape == (64, 64, 3)
    assert np.load(tmp_path / "face_feature.npy").shape == (128,)


def test_a_sound_still_gives_the_audio_products(tmp_path: Path, params: Params) -> None:
    noise = np.random.default_rng(0).normal(scale=3000, size=32000).astype(np.int16)
    write_wav(tmp_path / "-noise.wav", noise)
    out = tmp_path / "out"
    report = inspect_clip(Inspection(tmp_path / "-noise.wav"), out=out, params=params)
    assert (report["status"], report["reason"]) == ("rejected", "no_video_stream")
    assert {path.name for path in out.iterdir()} >= {"audio.wav", "spectrogram.npy"}
    with wave.open(str(out / "audio.wav")) as sound:
        assert sound.readframes(32000) == noise.astype("<i2").tobytes()


@pytest.mark.parametrize("content", [b"", b"no media at all" * 100])
def test_what_cannot_be_read_ends_with_1(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.mp4").write_bytes(content)
    command = [sys.executable, "-m", "flows.inspect_clip", str(tmp_path / "broken.mp4")]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out")], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    assert "unreadable_media" in done.stderr
    assert "Traceback" not in done.stderr
