import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image
from scipy import signal

from tasks.data.rows import Row, write_rows
from tasks.data.shards import ShardWriter, shard_path
from tasks.outcomes import Outcome, Reason, Status
from tasks.params import ShardParams, SplitParams
from tasks.records import (
    ALIGNED_FACE_SCHEMA,
    CLIP_SCHEMA,
    EXTRACT_SCHEMA,
    SPEECH_SCHEMA,
    AlignedFace,
    Clip,
    Extract,
    FaceFeature,
    Kind,
    Speech,
    build_feature_schema,
)
from tasks.write_shards import remove_foreign_files, write_final_shard

RATE = 16000
FOLDERS = ("clips", "extracts", "speech", "faces", "features")
NOISE = np.random.default_rng(0).normal(scale=2000, size=4 * RATE).astype("<i2")


def make_clip(name: str, kind: Kind = Kind.clip, split: str | None = "train") -> Clip:
    return Clip(
        f"{name}_0-4000", "folder", kind, name, f"person {name}", "f", 31.0, listed_split=split
    )


def make_face(name: str) -> AlignedFace:
    colour = hashlib.sha256(name.encode()).digest()[:3]
    buffer = io.BytesIO()
    Image.new("RGB", (224, 224), tuple(colour)).save(buffer, "PNG")
    landmarks = list(np.linspace(0, 223, 136))
    box = [10.0, 20.0, 110.0, 140.0]
    return AlignedFace(buffer.getvalue(), bytes(12288), landmarks, box, 1.0, 0, 0.0, 55.0)


def write_stages(root: Path, clips: list[Clip], *, lost: dict[str, Outcome] | None = None) -> None:
    """All stages' shards of `clips`; `lost` says which clips some stage rejects."""
    lost = lost or {}
    with ShardWriter(shard_path(root / "clips", 0), CLIP_SCHEMA, metadata={"key": "c"}) as writer:
        for clip in clips:
            writer.write(vars(clip))
    order = ("extract_media", "find_speech", "align_faces", "compute_features")
    rows: dict[str, list[Row[object]]] = {stage: [] for stage in order}
    for clip in clips:
        records: dict[str, object | None] = {
            "extract_media": Extract(NOISE.tobytes() if clip.kind.has_voice else None, [], []),
            "find_speech": Speech([320, 16320], 1.0) if clip.kind.has_voice else None,
            "align_faces": make_face(clip.video_id) if clip.kind.has_face else None,
            "compute_features": FaceFeature([0.5] * 4) if clip.kind.has_face else None,
        }
        refusal = lost.get(clip.video_id)
        for stage, record in records.items():
            earlier = {"find_speech": "align_faces", "align_faces": "find_speech"}.get(stage, "")
            is_lost = (
                refusal is not None
                and order.index(stage) >= order.index(refusal.stage)
                and (refusal.stage != earlier)
                and not (refusal.stage == "find_speech" and stage == "compute_features")
            )
            status = Status.kept if record is not None else Status.not_applicable
            outcome = refusal if is_lost and refusal else Outcome(clip.clip_id, status, stage)
            rows[stage].append(Row(outcome, None if is_lost else record))
    schemas = (EXTRACT_SCHEMA, SPEECH_SCHEMA, ALIGNED_FACE_SCHEMA, build_feature_schema(4))
    card = {"D": "4", "encoder": "test", "encoder_sha256": "0" * 64}
    for stage, folder, schema in zip(order, FOLDERS[1:], schemas, strict=True):
        path = shard_path(root / folder, 0)
        metadata = {"key": stage, **(card if folder == "features" else {})}
        write_rows(path, rows[stage], schema, index=0, metadata=metadata)


def run(root: Path, split: SplitParams | None = None) -> dict[str, int]:
    folders = {name: root / name for name in FOLDERS}
    result = write_final_shard.fn(
        0,
        "k",
        **folders,
        out=root / "shards" / "outcomes",
        params=ShardParams(),
        split=split or SplitParams(),
    )
    return result.counts


def list_files(root: Path) -> dict[str, str]:
    found = sorted((root / "shards").rglob("*.parquet"))
    return {
        path.relative_to(root / "shards").as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
    }


def test_a_clip_is_in_all_three_data_sets(tmp_path: Path) -> None:
    write_stages(tmp_path, [make_clip("ann")])
    assert run(tmp_path) == {"kept": 1}
    files = list_files(tmp_path)
    assert set(files) == {
        f"{name}/train/shard-00000.parquet" for name in ("pairs", "voices", "faces")
    } | {"outcomes/shard-00000.parquet"}
    row = pd.read_parquet(tmp_path / "shards/pairs/train").iloc[0]
    assert (row.clip_id, row.identity, row.gender, row.split) == (
        "ann_0-4000",
        "person ann",
        "f",
        "train",
    )
    assert len(row.face_feature) == 4
    assert len(row.landmarks) == 136
    assert np.asarray(Image.open(io.BytesIO(row.face))).shape == (224, 224, 3)


def test_the_spectrogram_is_scipys_of_the_tiled_sound(tmp_path: Path) -> None:
    write_stages(tmp_path, [make_clip("ann")])
    run(tmp_path)
    schema = pq.read_schema(shard_path(tmp_path / "shards/pairs/train", 0))
    field = schema.field("spectrogram")
    shape = json.loads(field.metadata[b"shape"])
    row = pd.read_parquet(tmp_path / "shards/pairs/train").iloc[0]
    stored = np.frombuffer(row.spectrogram, field.metadata[b"dtype"].decode()).reshape(shape)
    assert stored.shape == (2, 598, 257)
    tiled = np.tile(NOISE, 2)[: 6 * RATE] / 32768
    window = signal.get_window("hann", 400)
    frames = np.stack([tiled[i : i + 400] * window for i in range(0, len(tiled) - 399, 160)])
    spectrum = np.fft.rfft(frames, 512)
    for part, expected in zip(stored, (spectrum.real, spectrum.imag), strict=True):
        compressed = np.sign(expected) * np.abs(expected) ** 0.3
        inner = slice(1, 256)  # the imaginary part of bins 0 and 256 is zero but for rounding
        np.testing.assert_allclose(part[:, inner], compressed[:, inner], atol=3e-3)


def test_log_mels_are_of_the_voiced_samples(tmp_path: Path) -> None:
    write_stages(tmp_path, [make_clip("ann")])
    run(tmp_path)
    row = pd.read_parquet(tmp_path / "shards/voices/train").iloc[0]
    assert row.num_frames == 16000 // 160 + 1  # SPEC 2.1
    assert np.frombuffer(row.logmel, "<f2").reshape(-1, 64).shape == (101, 64)


def test_duckdb_reads_the_outcomes(tmp_path: Path) -> None:
    refusal = Outcome("bob_0-4000", Status.rejected, "align_faces", Reason.no_face, "none", 1)
    write_stages(tmp_path, [make_clip("ann"), make_clip("bob")], lost={"bob": refusal})
    assert run(tmp_path) == {"kept": 1, "no_face": 1}
    query = f"""SELECT clip_id, stage, reason, in_pairs, in_voices, in_faces
                FROM '{tmp_path}/shards/outcomes/*.parquet' ORDER BY clip_id"""
    assert duckdb.sql(query).fetchall() == [
        ("ann_0-4000", "write_shards", None, True, True, True),
        ("bob_0-4000", "align_faces", "no_face", False, True, False),
    ]


def test_a_clip_without_speech_still_gives_its_face(tmp_path: Path) -> None:
    refusal = Outcome("bob_0-4000", Status.rejected, "find_speech", Reason.too_little_speech)
    write_stages(tmp_path, [make_clip("bob")], lost={"bob": refusal})
    assert run(tmp_path) == {"too_little_speech": 1}
    assert set(list_files(tmp_path)) == {
        "faces/train/shard-00000.parquet",
        "outcomes/shard-00000.parquet",
    }


@pytest.mark.parametrize(("kind", "data_set"), [(Kind.voice, "voices"), (Kind.face, "faces")])
def test_sounds_and_pictures_alone(tmp_path: Path, kind: Kind, data_set: str) -> None:
    write_stages(tmp_path, [make_clip("ann", kind)])
    assert run(tmp_path) == {"kept": 1}
    assert set(list_files(tmp_path)) == {
        f"{data_set}/train/shard-00000.parquet",
        "outcomes/shard-00000.parquet",
    }


def test_another_split_moves_rows_and_leaves_nothing_behind(tmp_path: Path) -> None:
    clips = [make_clip(f"p{i}", split=None) for i in range(20)]
    write_stages(tmp_path, clips)
    run(tmp_path, SplitParams(rule="hash", val_share=0.2, test_share=0.2))
    before = list_files(tmp_path)
    assert {path.split("/")[1] for path in before if path.startswith("pairs")} == {
        "train",
        "val",
        "test",
    }
    run(tmp_path, SplitParams(rule="hash", val_share=0.0, test_share=0.0))
    assert {path.split("/")[1] for path in list_files(tmp_path)} == {
        "train",
        "shard-00000.parquet",
    }
    run(tmp_path, SplitParams(rule="hash", val_share=0.2, test_share=0.2))
    assert list_files(tmp_path) == before


def test_a_clip_without_split_is_rejected(tmp_path: Path) -> None:
    clip = replace(make_clip("ann"), identity=None)
    write_stages(tmp_path, [clip])
    assert run(tmp_path, SplitParams(rule="letters")) == {"no_split": 1}


def test_files_of_shards_that_are_gone_are_removed(tmp_path: Path) -> None:
    write_stages(tmp_path, [make_clip("ann")])
    run(tmp_path)
    shard_path(tmp_path / "shards/outcomes", 0).unlink()
    remove_foreign_files(tmp_path / "shards")
    assert list_files(tmp_path) == {}
