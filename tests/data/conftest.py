"""Tiny data sets whose values follow from the row's number."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.data.schemas import build_faces_schema, build_pairs_schema, build_voices_schema
from tasks.data.shards import ShardWriter, shard_path
from tasks.media.images import encode_png

NUM_FRAMES = 3
WriteShards = Callable[..., Path]


def make_common(row: int) -> dict[str, Any]:
    """Three people, every seventh row of nobody known."""
    return {
        "clip_id": f"clip{row}",
        "source": "made",
        "video_id": f"video{row}",
        "identity": None if row % 7 == 6 else f"person{row % 3}",
        "age": None if row % 2 else float(row),
        "split": "train",
    }


def make_spectrogram(row: int) -> np.ndarray:
    return np.random.default_rng(row).normal(size=(2, NUM_FRAMES, 257)).astype("<f2")


def make_logmel(row: int) -> np.ndarray:
    return np.random.default_rng(row).normal(5, 2, size=(290 + 137 * (row % 8), 64)).astype("<f2")


def make_face(row: int, size: int = 64) -> np.ndarray:
    return np.random.default_rng(row).integers(0, 256, (size, size, 3), dtype=np.uint8)


def make_pair(row: int, dimension: int = 5) -> dict[str, Any]:
    return make_common(row) | {
        "spectrogram": make_spectrogram(row).tobytes(),
        "face_feature": [float(row)] * dimension,
        "face": encode_png(make_face(row, 224)),
        "landmarks": [float(row)] * 136,
        "speech_s": 2.0,
    }


def make_voice(row: int) -> dict[str, Any]:
    logmel = make_logmel(row)
    return make_common(row) | {
        "logmel": logmel.tobytes(),
        "num_frames": len(logmel),
        "speech_s": 2.0,
    }


def make_small_face(row: int) -> dict[str, Any]:
    return make_common(row) | {"face": make_face(row).tobytes(), "face_px": 90.0}


def write_shards(
    folder: Path,
    sizes: Sequence[int],
    *,
    make_row: Callable[[int], dict[str, Any]],
    schema: pa.Schema,
    rows_per_group: int = 4,
    metadata: dict[str, str] | None = None,
) -> Path:
    row = 0
    for number, size in enumerate(sizes):
        with ShardWriter(
            shard_path(folder, 2 * number),  # a purged video leaves a hole
            schema,
            metadata={"key": f"key{number}", "D": "5", **(metadata or {})},
            rows_per_group=rows_per_group,
            compression="none",
        ) as writer:
            for _ in range(size):
                writer.write(make_row(row))
                row += 1
    return folder


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """19 pairs in shards of 10 and 9, groups of 4."""
    schema = build_pairs_schema(5, num_frames=NUM_FRAMES)
    return write_shards(tmp_path / "pairs", [10, 9], make_row=make_pair, schema=schema)


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    """21 utterances, 18 of them of known people."""
    schema = build_voices_schema()
    return write_shards(tmp_path / "voices", [12, 9], make_row=make_voice, schema=schema)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """14 faces, 12 of them of known people."""
    schema = build_faces_schema()
    return write_shards(tmp_path / "faces", [14], make_row=make_small_face, schema=schema)


@pytest.fixture
def write() -> WriteShards:
    return write_shards


@pytest.fixture
def make() -> dict[str, Callable[..., Any]]:
    """Expected values by column, and whole rows of pairs."""
    return {
        "spectrogram": make_spectrogram,
        "logmel": make_logmel,
        "face": make_face,
        "pair": make_pair,
    }
