"""What stands in a shard's place where its rows lie in a store.

A stub is the shard's Parquet file without its rows: same schema, same metadata, and three entries
that say which object holds the whole file. So keys, DVC's hashes and its cache work as ever; a stub
does not say where the store is (`run.store`), so it is the same bytes wherever that is. Whole
shards and stubs may lie side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.data.files import commit_file, name_temporary

DIGEST, BYTES, ROWS = "object_sha256", "object_bytes", "object_rows"


@dataclass(frozen=True)
class Stub:
    """The object that is a shard's whole file; `group_rows` are the rows of its row groups."""

    digest: str
    num_bytes: int
    group_rows: tuple[int, ...]

    @property
    def num_rows(self) -> int:
        return sum(self.group_rows)


def parse_stub(metadata: Mapping[bytes, bytes] | None) -> Stub | None:
    """From a file's schema metadata; None for a whole shard."""
    found = metadata or {}
    if DIGEST.encode() not in found:
        return None
    digest, num_bytes, rows = (found[key.encode()].decode() for key in (DIGEST, BYTES, ROWS))
    return Stub(digest, int(num_bytes), tuple(map(int, rows.split())))


def read_stub(file: Path | IO[bytes]) -> Stub | None:
    """None for a whole shard."""
    return parse_stub(pq.read_metadata(file).metadata)


def drop_stub(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata as the whole shard has it."""
    return {key: value for key, value in metadata.items() if key not in (DIGEST, BYTES, ROWS)}


def list_group_rows(metadata: pq.FileMetaData) -> tuple[int, ...]:
    """Rows of each row group, here or in the store."""
    stub = parse_stub(metadata.metadata)
    if stub is not None:
        return stub.group_rows
    return tuple(metadata.row_group(place).num_rows for place in range(metadata.num_row_groups))


def count_rows(path: Path) -> int:
    return sum(list_group_rows(pq.read_metadata(path)))


def count_bytes(path: Path) -> int:
    """Of the whole shard, wherever it lies."""
    stub = read_stub(path)
    return path.stat().st_size if stub is None else stub.num_bytes


def write_stub(path: Path, schema: pa.Schema, stub: Stub) -> None:
    rows = " ".join(map(str, stub.group_rows))
    entries = {DIGEST: stub.digest, BYTES: str(stub.num_bytes), ROWS: rows}
    temporary = name_temporary(path)
    try:
        pq.ParquetWriter(
            temporary, schema.with_metadata({**(schema.metadata or {}), **entries})
        ).close()
        commit_file(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
