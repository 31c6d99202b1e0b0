"""A made-up data set as all stages would leave it: every kind of outcome, no media decoded."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tasks.data.rows import Row, write_rows
from tasks.data.samples import build_schemas
from tasks.data.shards import ShardWriter, shard_path
from tasks.outcomes import Outcome, Reason, Status
from tasks.records import (
    ALIGNED_FACE_SCHEMA,
    CLIP_SCHEMA,
    DOWNLOAD_SCHEMA,
    EXTRACT_SCHEMA,
    SPEECH_SCHEMA,
    AlignedFace,
    Clip,
    Download,
    Extract,
    FaceFeature,
    Kind,
    Speech,
    build_feature_schema,
)
from tasks.write_shards import LABELS, PLACEMENT_SCHEMA

STAGES = (
    "download",
    "extract_media",
    "find_speech",
    "align_faces",
    "compute_features",
    "write_shards",
)
FOLDERS = dict(zip(STAGES, ("media", "extracts", "speech", "faces", "features"), strict=False))
D = 128
SPECTROGRAM_S = 0.1
HOSTILE = "<script>alert('x')</script> & \"quoted\",\n=1+1 \u202e$x_1$"
# Every ninth clip or so, with where and why it is lost.
LOSSES = (
    ("download", Reason.removed, "ERROR: [youtube] Video unavailable"),
    ("download", Reason.private, "This video is private"),
    ("download", Reason.timeout, "timed out after 30 s"),
    ("download", Reason.rate_limited, "HTTP Error 429: Too Many Requests"),
    ("download", Reason.over_budget, "this run's download.budget.hours is spent"),
    ("extract_media", Reason.unreadable_media, "moov atom not found"),
    ("extract_media", Reason.no_audio_stream, "no sound stream"),
    ("find_speech", Reason.too_little_speech, "0.42 s of speech, at least 1 s wanted"),
    ("find_speech", Reason.too_little_speech, "0.00 s of speech, at least 1 s wanted"),
    ("align_faces", Reason.no_face, HOSTILE),
    ("align_faces", Reason.face_too_small, "31 px, at least 48 px wanted"),
    ("align_faces", Reason.ambiguous_faces, "2 faces of like size and no point"),
    ("write_shards", Reason.no_split, "neither the list nor the rule names a split"),
)
SPLIT_OF_TEN = ("train",) * 7 + ("val",) + ("test",) * 2


@dataclass(frozen=True)
class FakeClip:
    """A listed clip and what is to become of it; `loss` is (stage, reason, message)."""

    clip: Clip
    split: str | None
    loss: tuple[str, Reason, str] | None
    speech_s: float
    face_px: float

    @property
    def flags(self) -> dict[str, bool]:
        lost_in = self.loss[0] if self.loss else ""
        early = lost_in in ("download", "extract_media", "write_shards")
        voice = not early and lost_in != "find_speech"
        face = not early and lost_in != "align_faces"
        return {"pairs": voice and face, "voices": voice, "faces": face}


def make_clips(count: int = 300, *, source: str = "sample", leak: bool = False) -> list[FakeClip]:
    """Three clips of each person; each fourth person lacks some label."""
    random, clips = np.random.default_rng(0), []
    for number in range(count):
        person = number // 3
        start_s, length_s = float(random.integers(0, 200)), float(random.uniform(3, 10))
        clip = Clip(
            f"-vid{number:07d}_{start_s * 1000:.0f}-{(start_s + length_s) * 1000:.0f}",
            source,
            Kind.clip,
            f"-vid{number:07d}",
            identity=f"person {person:03d}" if person % 10 else None,
            gender=("m", "f", "f", None)[person % 4],
            age=None if person % 4 == 3 else float(8 + 5 * (person % 13)),
            ethnicity=("Asian", "Black", "White", "<b>$other$</b>", None)[person % 5],
            nationality=None if person % 6 == 5 else f"country {person % 17}",
            start_s=start_s,
            end_s=start_s + length_s,
        )
        split = SPLIT_OF_TEN[person % 10]
        if leak and number == 4:
            split = "test"
        loss = LOSSES[number // 4 % len(LOSSES)] if number % 4 == 3 else None
        if loss and loss[1] is Reason.no_split:
            split = ""
        speech_s, face_px = float(random.uniform(1, length_s)), float(random.uniform(48, 300))
        clips.append(FakeClip(clip, split or None, loss, speech_s, face_px))
    return clips


def write_fake_corpus(data: Path, clips: list[FakeClip], *, shard_size: int = 64) -> None:
    """Shards of all stages below `data`."""
    for index, first in enumerate(range(0, len(clips), shard_size)):
        part = clips[first : first + shard_size]
        rows = ({**vars(item.clip)} for item in part)
        _write(shard_path(data / "clips", index), CLIP_SCHEMA, rows, stage="list_clips")
        for stage, folder in FOLDERS.items():
            write_rows(
                shard_path(data / folder, index),
                (Row(_outcome(item, stage), _record(item, stage)) for item in part),
                SCHEMAS[stage],
                index=index,
                metadata={"stage": stage, "key": f"{stage}-{index}", **CARD},
            )
        _write_final(data / "shards", index, part)


CARD = {"D": str(D), "encoder": "dlib_resnet", "encoder_sha256": "ab" * 32}
SCHEMAS = {
    "download": DOWNLOAD_SCHEMA,
    "extract_media": EXTRACT_SCHEMA,
    "find_speech": SPEECH_SCHEMA,
    "align_faces": ALIGNED_FACE_SCHEMA,
    "compute_features": build_feature_schema(D),
}


def _write(path: Path, schema: Any, rows: Iterator[dict[str, Any]], *, stage: str) -> None:
    metadata = {"stage": stage, "key": f"{stage}-{path.stem}", **CARD}
    with ShardWriter(path, schema, metadata=metadata) as writer:
        for row in rows:
            writer.write(row)


def _outcome(item: FakeClip, stage: str) -> Outcome:
    """A face is looked for whether there is speech or not; other losses are forwarded."""
    loss = item.loss
    is_open = loss is None or STAGES.index(loss[0]) > STAGES.index(stage)
    is_aside = (
        loss is not None
        and loss[0] == "find_speech"
        and stage in ("align_faces", "compute_features")
    )
    if loss is None or is_open or is_aside:
        return Outcome(item.clip.clip_id, Status.kept, stage)
    return Outcome(item.clip.clip_id, loss[1].status, loss[0], loss[1], loss[2])


def _record(item: FakeClip, stage: str) -> Any:
    if not _outcome(item, stage).is_kept:
        return None
    length = int(200 * (float(item.clip.end_s or 0) - float(item.clip.start_s or 0)))
    records: dict[str, Callable[[], Any]] = {
        "download": lambda: Download(bytes(length), "mp4", 2.0, None),
        "extract_media": lambda: Extract(bytes(length), [bytes(500)] * 5, [0.0] * 5),
        "find_speech": lambda: Speech([0, round(16000 * item.speech_s)], item.speech_s),
        "align_faces": lambda: _make_face(item),
        "compute_features": lambda: FaceFeature([0.5] * D),
    }
    return records[stage]()


def _make_face(item: FakeClip) -> AlignedFace:
    box = [10.0, 20.0, 10.0 + item.face_px, 25.0 + item.face_px]
    picture = draw_face(item)
    return AlignedFace(picture, bytes(64 * 64 * 3), [1.0] * 136, box, 0.9, 0, 0.0, 120.0)


def draw_face(item: FakeClip) -> bytes:
    """PNG 224×224: a tint for each person."""
    tint = (int(item.clip.video_id[-3:]) % 7 * 30 + 40, 120, int(item.face_px) % 200 + 30)
    buffer = io.BytesIO()
    Image.new("RGB", (224, 224), tint).save(buffer, "PNG")
    return buffer.getvalue()


def _write_final(root: Path, index: int, part: list[FakeClip]) -> None:
    rows = (
        {
            **vars(_outcome(item, "write_shards")),
            "split": item.split,
            **{f"in_{name}": flag for name, flag in item.flags.items()},
        }
        for item in part
    )
    _write(shard_path(root / "outcomes", index), PLACEMENT_SCHEMA, rows, stage="write_shards")
    for name, schema in build_schemas(D, spectrogram_s=SPECTROGRAM_S).items():
        for split in ("train", "val", "test"):
            wanted = [item for item in part if item.flags[name] and item.split == split]
            if wanted:
                path = shard_path(root / name / split, index)
                _write(path, schema, map(_final_row, wanted, [name] * len(wanted)), stage=name)


def _final_row(item: FakeClip, data_set: str) -> dict[str, Any]:
    labels = {name: getattr(item.clip, name) for name in LABELS} | {"split": item.split}
    if data_set == "voices":
        frames = 4
        return labels | {
            "logmel": bytes(frames * 64 * 2),
            "num_frames": frames,
            "speech_s": item.speech_s,
        }
    if data_set == "faces":
        quality = {"face_px": item.face_px, "sharpness": 10 * item.face_px, "score": 0.9}
        return labels | {"face": bytes(64 * 64 * 3)} | quality
    return labels | {
        "spectrogram": bytes(2 * 8 * 257 * 2),
        "face_feature": [0.5] * D,
        "face": draw_face(item),
        "landmarks": [1.0] * 136,
        "speech_s": item.speech_s,
    }
