"""Shards: Parquet files that are whole or absent and know what they were made from.

A shard is written under a temporary name unique to the writer, synced, then renamed; it is never
opened for writing again, so DVC may hard-link it. Its `key` (schema metadata) says what it was made
from: a stage skips a shard only if the key matches. Its rows may lie in a store: tasks.data.stubs.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.data.files import name_temporary
from tasks.data.stored_rows import commit_shard, open_shard
from tasks.outcomes import Reason, Status
from tasks.records import Kind, Seconds

ROWS_PER_GROUP = 64
SHARD_NAME = re.compile(r"shard-(\d{5,})\.parquet")
ENUMS: Mapping[str, type[Status] | type[Reason] | type[Kind]] = {
    "status": Status,
    "reason": Reason,
    "kind": Kind,
}

A = TypeVar("A")
B = TypeVar("B")
R = TypeVar("R")


@dataclass(frozen=True)
class ShardResult:
    """What making one shard came to; `counts` holds "kept" and reasons."""

    index: int
    counts: dict[str, int]
    seconds: Seconds
    num_bytes: int


def name_shard(index: int) -> str:
    return f"shard-{index:05d}"


def shard_path(folder: Path, index: int) -> Path:
    return folder / f"{name_shard(index)}.parquet"


def list_shards(folder: Path) -> dict[int, Path]:
    """The whole shards in a folder by number, in order; {} where there is no such folder."""
    if not folder.is_dir():
        return {}
    found = ((SHARD_NAME.fullmatch(path.name), path) for path in folder.iterdir())
    return dict(sorted((int(match[1]), path) for match, path in found if match))


def compute_key(**parts: Any) -> str:
    """SHA-256 over named JSON values: what a shard is made from."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_metadata(path: Path) -> dict[str, str]:
    """The schema metadata of a Parquet file as text; raises ValueError if it is not Parquet."""
    try:
        metadata = pq.read_schema(path).metadata or {}
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path}: not a whole Parquet file: {error}") from None
    return {key.decode(): value.decode() for key, value in metadata.items() if key[:6] != b"ARROW:"}


def read_key(path: Path, name: str = "key") -> str | None:
    """The key of a shard, the one called `name` if it has that; None without a whole shard."""
    if not path.exists():
        return None
    try:
        metadata = read_metadata(path)
    except ValueError:
        return None
    return metadata.get(name, metadata.get("key"))


class ShardWriter:
    """Writes one Parquet file atomically: nothing under `path` unless the block ends well."""

    def __init__(
        self,
        path: Path,
        schema: pa.Schema,
        *,
        metadata: Mapping[str, str],
        rows_per_group: int = ROWS_PER_GROUP,
        compression: str = "zstd",
    ) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._temporary = name_temporary(path)
        self._schema = schema.with_metadata({**(schema.metadata or {}), **metadata})
        self._rows_per_group = rows_per_group
        self._rows: list[dict[str, Any]] = []
        self._compression = compression

    def __enter__(self) -> Self:
        self._writer = pq.ParquetWriter(
            self._temporary,
            self._schema,
            compression=self._compression,
            use_dictionary=False,
            write_statistics=False,
            store_schema=True,
        )
        return self

    def write(self, row: dict[str, Any]) -> None:
        self._rows.append(row)
        if len(self._rows) >= self._rows_per_group:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            try:
                if kind is None:
                    self._flush()
            finally:
                self._writer.close()
            if kind is None:
                commit_shard(self._temporary, self._path, self._schema)
        finally:
            self._temporary.unlink(missing_ok=True)  # closing fails, too, on a full disk


def remove_leftovers(folder: Path) -> None:
    """Removes the temporary files of writers that were killed; call only under the stage's lock."""
    for path in folder.rglob(".*.tmp") if folder.is_dir() else ():
        path.unlink(missing_ok=True)


def read_records(
    path: Path,
    record: type[R],
    *,
    columns: Sequence[str] | None = None,
    batch_rows: int = 16,
) -> Iterator[R]:
    """Reads rows as records, `batch_rows` at a time; columns not asked for become None."""
    names = [field.name for field in fields(record)]  # type: ignore[arg-type]
    wanted = names if columns is None else list(columns)
    absent = dict.fromkeys(set(names) - set(wanted))
    with open_shard(path) as file:
        for batch in file.iter_batches(batch_size=batch_rows, columns=wanted):
            for values in batch.to_pylist():
                yield record(**restore_enums({**absent, **values}))


def restore_enums(values: dict[str, Any]) -> dict[str, Any]:
    for name in ENUMS.keys() & values.keys():
        if values[name] is not None:
            values[name] = ENUMS[name](values[name])
    return values


def in_batches(rows: Iterable[R], size: int) -> Iterator[list[R]]:
    """Consecutive lists of at most `size`."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch
