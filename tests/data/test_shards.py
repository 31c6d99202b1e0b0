import hashlib
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.data.rows import Row, map_rows, read_outcomes, read_rows, write_rows
from tasks.data.shards import (
    ShardWriter,
    compute_key,
    list_shards,
    read_key,
    remove_leftovers,
    shard_path,
)
from tasks.outcomes import Outcome, Reason, Rejected, Status
from tasks.records import SPEECH_SCHEMA, Speech

KEPT = Outcome("b_0-1", Status.kept, "find_speech")
REJECTED = Outcome("a_0-1", Status.rejected, "extract_media", Reason.no_audio_stream, "no sound", 1)


def write_two(path: Path) -> None:
    rows = [Row(REJECTED, None), Row(KEPT, Speech([0, 320], 0.02))]
    write_rows(path, rows, SPEECH_SCHEMA, index=0, metadata={"key": "k"})


def test_rows_come_back_as_written(tmp_path: Path) -> None:
    write_two(shard_path(tmp_path, 0))
    rows = list(read_rows(shard_path(tmp_path, 0), Speech))
    assert rows == [Row(REJECTED, None), Row(KEPT, Speech([0, 320], 0.02))]
    assert rows[0].outcome.reason is Reason.no_audio_stream
    assert list(read_outcomes(shard_path(tmp_path, 0))) == [REJECTED, KEPT]


def test_only_asked_columns_are_read(tmp_path: Path) -> None:
    write_two(shard_path(tmp_path, 0))
    (_, row) = read_rows(shard_path(tmp_path, 0), Speech, columns=["speech_s"])
    assert row.record == Speech(None, 0.02)  # type: ignore[arg-type]


def test_same_rows_make_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        write_two(shard_path(tmp_path / name, 7))
        data = shard_path(tmp_path / name, 7).read_bytes()
        digests.append(hashlib.sha256(data).hexdigest())
    assert digests[0] == digests[1]


def test_a_failed_writer_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with ShardWriter(tmp_path / "x.parquet", SPEECH_SCHEMA, metadata={}) as writer:
            writer.write({"voiced": [], "speech_s": 0.0})
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_failed_writer_keeps_the_shard_that_stood_there(tmp_path: Path) -> None:
    write_two(shard_path(tmp_path, 0))
    before = shard_path(tmp_path, 0).read_bytes()

    def rows_that_break() -> list[Row[Speech]]:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_rows(
            shard_path(tmp_path, 0),
            (row for row in rows_that_break()),
            SPEECH_SCHEMA,
            index=0,
            metadata={},
        )
    assert shard_path(tmp_path, 0).read_bytes() == before


def test_a_shard_is_replaced_never_opened_for_writing(tmp_path: Path) -> None:
    write_two(shard_path(tmp_path, 0))
    os.link(shard_path(tmp_path, 0), tmp_path / "cache")
    rows = [Row(KEPT, Speech([], 0.0))]
    write_rows(shard_path(tmp_path, 0), rows, SPEECH_SCHEMA, index=0, metadata={"key": "new"})
    assert read_key(tmp_path / "cache") == "k"
    assert read_key(shard_path(tmp_path, 0)) == "new"


def test_keys_of_absent_and_broken_shards(tmp_path: Path) -> None:
    assert read_key(shard_path(tmp_path, 0)) is None
    shard_path(tmp_path, 0).write_bytes(b"PAR1 but not really")
    assert read_key(shard_path(tmp_path, 0)) is None


def test_labels_key_falls_back_to_key(tmp_path: Path) -> None:
    schema = pa.schema([("a", pa.int32())])
    for index, metadata in enumerate([{"key": "k"}, {"key": "k", "labels_key": "l"}]):
        with ShardWriter(shard_path(tmp_path, index), schema, metadata=metadata):
            pass
    assert read_key(shard_path(tmp_path, 0), "labels_key") == "k"
    assert read_key(shard_path(tmp_path, 1), "labels_key") == "l"


def test_keys_depend_on_values_not_on_their_order() -> None:
    assert compute_key(a=1, b=[2, 3]) == compute_key(b=[2, 3], a=1)
    assert compute_key(a=1, b=[2, 3]) != compute_key(a=1, b=[3, 2])


def test_shards_are_listed_in_order_and_leftovers_removed(tmp_path: Path) -> None:
    for name in ("shard-00010.parquet", "shard-00002.parquet", "notes.txt", "shard-1.parquet"):
        (tmp_path / name).touch()
    (tmp_path / ".shard-00002.parquet.1-ab.tmp").touch()
    assert list(list_shards(tmp_path)) == [2, 10]
    remove_leftovers(tmp_path)
    assert not list(tmp_path.glob(".*"))
    assert len(list(tmp_path.iterdir())) == 4


def test_map_rows_keeps_rejects_forwards_and_passes_by() -> None:
    def double(value: int) -> int | None:
        if value == 2:
            raise Rejected(Reason.no_face, "none in 5 frames", 3)
        return None if value == 3 else 2 * value

    kept = [Row(Outcome(f"c{n}", Status.kept, "extract_media"), n) for n in (1, 2, 3)]
    rows = list(map_rows("align_faces", [Row(REJECTED, None), *kept], double))
    assert rows[0].outcome is REJECTED
    assert rows[1] == Row(Outcome("c1", Status.kept, "align_faces"), 2)
    assert rows[2].outcome == Outcome(
        "c2", Status.rejected, "align_faces", Reason.no_face, "none in 5 frames", 3
    )
    assert rows[3] == Row(Outcome("c3", Status.not_applicable, "align_faces"), None)


def test_row_groups_are_bounded(tmp_path: Path) -> None:
    rows = [Row(KEPT, Speech([], 0.0)) for _ in range(130)]
    write_rows(shard_path(tmp_path, 0), rows, SPEECH_SCHEMA, index=0, metadata={})
    metadata = pq.read_metadata(shard_path(tmp_path, 0))
    sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    assert sizes == [64, 64, 2]
