"""inspect_clip: one media file through every step, each product written down."""

import json
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.align_faces import align_face
from tasks.audio.logmel import SAMPLE_RATE, compute_logmel
from tasks.audio.spectrogram import compute_spectrogram
from tasks.audio.vad import select_voiced
from tasks.compute_features import open_encoder
from tasks.data.samples import pair_up
from tasks.face.align import CROP_PX
from tasks.face.upright import turn_frame
from tasks.find_speech import find_speech
from tasks.media.extract import extract
from tasks.media.images import decode_png, encode_png
from tasks.media.probe import probe
from tasks.outcomes import Reason, Rejected
from tasks.params import Params
from tasks.records import AlignedFace, Clip, Extract, Kind, Seconds

SPECTROGRAM_S = 6.0


@dataclass(frozen=True)
class Inspection:
    """What to look at: seconds of the file, and where the face is (fractions of the frame)."""

    media: Path
    start_s: Seconds | None = None
    end_s: Seconds | None = None
    x: float | None = None
    y: float | None = None


def inspect_clip(wanted: Inspection, *, out: Path, params: Params) -> dict[str, Any]:
    """Writes the products of every step that works and `outcome.json`, which it returns.

    Steps do not depend on each other's success: a sound without a picture still gives the audio.
    """
    out.mkdir(parents=True, exist_ok=True)
    clip = Clip("inspected_0-end", "folder", Kind.clip, "inspected", x=wanted.x, y=wanted.y)
    report: dict[str, Any] = {"media": wanted.media.name}
    refusals: list[tuple[str, Rejected]] = []

    def attempt(stage: str, step: Callable[[], dict[str, Any]]) -> None:
        try:
            report.update(step())
        except Rejected as refusal:
            refusals.append((stage, refusal))

    decoded: list[Extract] = []
    attempt("extract_media", lambda: _decode(wanted, decoded, params))
    if decoded and decoded[0].audio is not None:
        attempt("find_speech", lambda: _write_sound(decoded[0], out, params))
    if decoded and decoded[0].frames:
        attempt("align_faces", lambda: _write_face(clip, decoded[0], out, params))
    report = {**_describe_end(refusals), **report}
    (out / "outcome.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def _describe_end(refusals: list[tuple[str, Rejected]]) -> dict[str, Any]:
    if not refusals:
        return {"status": "kept", "stage": None, "reason": None, "message": None}
    stage, first = refusals[0]
    status, reason = str(first.reason.status), str(first.reason)
    return {"status": status, "stage": stage, "reason": reason, "message": first.message}


def _decode(wanted: Inspection, decoded: list[Extract], params: Params) -> dict[str, Any]:
    info = probe(wanted.media)
    if info.video is None and info.audio is None:
        raise Rejected(Reason.unreadable_media, "neither sound nor picture")
    start_s = wanted.start_s or 0.0
    decoded.append(
        extract(
            wanted.media,
            start_s=start_s,
            duration_s=None if wanted.end_s is None else wanted.end_s - start_s,
            needs_video=info.video is not None,
            needs_audio=info.audio is not None,
            params=params.extract_media,
            near_middle=wanted.x is None,
        )
    )
    if info.video is None:
        raise Rejected(Reason.no_video_stream, "no picture stream (cover art does not count)")
    if info.audio is None:
        raise Rejected(Reason.no_audio_stream, "no sound stream")
    return {}


def _write_sound(extract_: Extract, out: Path, params: Params) -> dict[str, Any]:
    samples = np.frombuffer(extract_.audio or b"", dtype="<i2")  # [N]
    write_wav(out / "audio.wav", samples)
    if len(samples):
        spectrogram = compute_spectrogram(samples, seconds=SPECTROGRAM_S)  # [2, 598, 257]
        np.save(out / "spectrogram.npy", spectrogram)
    speech = find_speech(extract_, params=params.find_speech)
    assert speech is not None
    voiced = select_voiced(samples, pair_up(speech.voiced))
    write_wav(out / "voiced.wav", voiced)
    np.save(out / "logmel.npy", compute_logmel(voiced))  # [T, 64]
    return {"speech_s": speech.speech_s, "audio_s": len(samples) / SAMPLE_RATE}


def write_wav(path: Path, samples: npt.NDArray[np.int16]) -> None:
    """int16 mono at 16 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.astype("<i2").tobytes())


def _write_face(clip: Clip, extract_: Extract, out: Path, params: Params) -> dict[str, Any]:
    (out / "frame.png").write_bytes(extract_.frames[0])
    face = align_face((clip, extract_), params=params.align_faces)
    assert face is not None
    frame = turn_frame(decode_png(extract_.frames[face.frame_index]), face.quarter_turns)
    (out / "frame.png").write_bytes(encode_png(frame))
    (out / "face_224.png").write_bytes(face.face)
    small = np.frombuffer(face.face_64, np.uint8).reshape(64, 64, 3)  # [64, 64, 3]
    (out / "face_64.png").write_bytes(encode_png(small))
    landmarks = locate_landmarks(face).tolist()
    (out / "landmarks.json").write_text(json.dumps(landmarks) + "\n", encoding="utf-8")
    feature = open_encoder(params.compute_features).encode(decode_png(face.face)[None])[0]  # [D]
    np.save(out / "face_feature.npy", feature)
    return {
        "face_box": face.box,
        "face_score": face.score,
        "frame_time_s": face.frame_time_s,
        "sharpness": face.sharpness,
        "encoder": params.compute_features.encoder,
    }


def locate_landmarks(face: AlignedFace) -> npt.NDArray[np.float64]:
    """Landmarks [68, 2] in frame pixels (whole numbers are pixel centres)."""
    left, top, right, bottom = face.box
    sides = np.array([right - left, bottom - top])
    points = np.array(face.landmarks, np.float64).reshape(68, 2)  # [68, 2]
    located: npt.NDArray[np.float64] = (points + 0.5) * sides / CROP_PX - 0.5 + (left, top)
    return located
