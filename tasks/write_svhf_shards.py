"""write_svhf_shards: what SVHF reads of one shard, its spectrograms and 224-pixel faces."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from prefect import task

from tasks.audio.magnitude import compute_magnitudes
from tasks.data.rows import Row, describe, read_rows
from tasks.data.shards import (
    ShardResult,
    ShardWriter,
    list_shards,
    read_records,
    shard_path,
)
from tasks.data.stubs import count_bytes
from tasks.data.svhf_data import SCHEMAS
from tasks.outcomes import OUTCOME_SCHEMA, Outcome, Status
from tasks.records import AlignedFace, Clip, Extract

STAGE = "write_svhf_shards"
SPLITS = ("train", "val", "test")
LABELS = (
    *("clip_id", "source", "video_id", "identity", "gender", "age", "ethnicity", "nationality"),
    *("start_s", "end_s"),
)


@dataclass(frozen=True)
class Place:
    """Where write_shards put a clip."""

    split: str | None
    in_voices: bool
    in_faces: bool


@task(task_run_name="write_svhf_shards-{index:05d}")
def write_svhf_shard(
    index: int, key: str, clips: Path, extracts: Path, faces: Path, placements: Path, out: Path
) -> ShardResult:
    """Writes shard `index` of voices and faces beside `out`, which gets the outcomes, last."""
    start, counts = monotonic(), Counter[str]()
    metadata = {"stage": STAGE, "key": key}
    paths = dict[Path, ShardWriter]()
    with ExitStack() as stack:
        outcomes = ShardWriter(shard_path(out, index), OUTCOME_SCHEMA, metadata=metadata)
        stack.enter_context(outcomes)
        rows = read_clips(index, clips=clips, extracts=extracts, faces=faces, placements=placements)
        for clip, place, sound, face in rows:
            labels = {name: getattr(clip, name) for name in LABELS} | {"split": place.split}
            made = build_rows(place, sound, face)
            for name, row in made.items():
                path = shard_path(out.parent / name / str(place.split), index)
                if path not in paths:
                    writer = ShardWriter(path, SCHEMAS[name], metadata=metadata, compression="none")
                    paths[path] = stack.enter_context(writer)
                paths[path].write(labels | row)
            outcome = _describe(clip, sound, face, is_kept=bool(made))
            outcomes.write(vars(outcome))
            counts[describe(outcome)] += 1
        remove_shard(out.parent, index, kept=paths)
    num_bytes = sum(map(count_bytes, paths))
    return ShardResult(index, dict(counts), monotonic() - start, num_bytes)


def read_clips(
    index: int, *, clips: Path, extracts: Path, faces: Path, placements: Path
) -> Iterator[tuple[Clip, Place, Row[Extract], Row[AlignedFace]]]:
    columns = zip(
        read_records(shard_path(clips, index), Clip),
        read_records(shard_path(placements, index), Place),
        read_rows(shard_path(extracts, index), Extract, columns=["audio"]),
        read_rows(shard_path(faces, index), AlignedFace, columns=["face"]),
        strict=True,
    )
    for clip, place, sound, face in columns:
        assert {sound.outcome.clip_id, face.outcome.clip_id} == {clip.clip_id}, clip.clip_id
        yield clip, place, sound, face


def build_rows(
    place: Place, sound: Row[Extract], face: Row[AlignedFace]
) -> dict[str, dict[str, Any]]:
    """Own columns by data set, for each that write_shards put the clip into."""
    rows: dict[str, dict[str, Any]] = {}
    if place.in_voices and sound.record is not None:
        samples = np.frombuffer(sound.record.audio or b"", dtype="<i2")  # [N]
        values = compute_magnitudes(samples)
        cell = values.astype("<f2").tobytes()
        rows["voices"] = {"spectrogram": cell, "num_frames": len(values)}
    if place.in_faces and face.record is not None:
        rows["faces"] = {"face": face.record.face}
    return rows


def _describe(clip: Clip, sound: Row[Extract], face: Row[AlignedFace], *, is_kept: bool) -> Outcome:
    if is_kept:
        return Outcome(clip.clip_id, Status.kept, STAGE)
    earlier = [row.outcome for row in (sound, face) if not row.outcome.is_kept]
    return earlier[0] if earlier else Outcome(clip.clip_id, Status.not_applicable, STAGE)


def remove_shard(root: Path, index: int, *, kept: Mapping[Path, object]) -> None:
    """Removes a shard's files in the data sets and splits that get nothing now."""
    for name in SCHEMAS:
        for split in SPLITS:
            if (path := shard_path(root / name / split, index)) not in kept:
                path.unlink(missing_ok=True)


def remove_foreign_files(root: Path) -> None:
    """Removes data files of shards that have no outcomes any more."""
    indices = list_shards(root / "outcomes").keys()
    for name in SCHEMAS:
        for split in SPLITS:
            for index, path in list_shards(root / name / split).items():
                if index not in indices:
                    path.unlink()
