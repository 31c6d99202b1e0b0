"""Shards whose rows lie in a store: what stands in their place, and how any shard is opened.

A stub is the shard's Parquet file without its rows: same schema, same metadata, and three entries
that say which object holds the whole file. So keys, DVC's hashes and its cache work as ever; a stub
does not say where the store is (`run.store`), so it is the same bytes wherever that is. It is
written when the object is whole. Whole shards and stubs may lie side by side.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.data.files import commit_file, name_temporary
from tasks.data.object_cache import add_object, drop_object, fetch_object, find_object
from tasks.data.store import (
    delete_object,
    get_object,
    has_object,
    hash_file,
    list_errors,
    open_object,
    put_object,
)
from tasks.params import RunParams, read_params

T = TypeVar("T")
DIGEST, BYTES, ROWS = "object_sha256", "object_bytes", "object_rows"
GIGABYTE = 10**9
MAX_EVICTIONS = 100
PARAMS = Path("params.yaml")


class RowsGone(OSError):
    """The store has not got the object of a stub."""


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


def open_shard(path: Path, *, memory_map: bool = False) -> pq.ParquetFile:
    """A shard's rows, which are fetched first where they are not here."""
    opener = partial(pq.ParquetFile, memory_map=memory_map)
    file = opener(path)
    stub = parse_stub(file.metadata.metadata)
    if stub is None:
        return file
    file.close()
    return open_rows(path, stub, opener)


def open_columns(path: Path) -> pq.ParquetFile:
    """As `open_shard`, for a few small columns: no more than those is fetched."""
    file = pq.ParquetFile(path)
    stub = parse_stub(file.metadata.metadata)
    if stub is None:
        return file
    file.close()
    return open_object_columns(stub, path)


def open_object_columns(stub: Stub, path: Path) -> pq.ParquetFile:
    run = find_run()
    copy = find_object(run.store_cache, stub.digest, num_bytes=stub.num_bytes)
    try:
        if copy is not None:
            return pq.ParquetFile(copy)
        store = _name_store(run, path)
        return pq.ParquetFile(open_object(store, stub.digest, num_bytes=stub.num_bytes))
    except (*list_errors(), pa.ArrowInvalid) as error:
        raise _describe(path, stub, run, error) from error


def read_columns(path: Path, columns: Sequence[str]) -> pa.Table:
    """A few small columns of a shard."""
    with open_columns(path) as file:
        return file.read(columns=list(columns), use_threads=False)


def open_rows(path: Path, stub: Stub | None, opener: Callable[[Path], T]) -> T:
    """What `opener` makes of a shard's whole file, or of the copy of its object."""
    if stub is None:
        return opener(path)
    for _ in range(MAX_EVICTIONS):
        try:
            return opener(_fetch(path, stub))
        except FileNotFoundError:
            continue  # another process has just made room
    raise OSError(f"{path}: run.store_cache_gb is too small for the processes that share it")


def _fetch(path: Path, stub: Stub) -> Path:
    run = find_run()
    try:
        return fetch_object(
            run.store_cache,
            stub.digest,
            num_bytes=stub.num_bytes,
            max_bytes=int(run.store_cache_gb * GIGABYTE),
            download=lambda target: get_object(_name_store(run, path), stub.digest, target=target),
        )
    except list_errors() as error:
        raise _describe(path, stub, run, error) from error


def _describe(path: Path, stub: Stub, run: RunParams, error: Exception) -> OSError:
    kind = RowsGone if isinstance(error, FileNotFoundError) else OSError
    return kind(
        f"{path}: its object {stub.digest} cannot be read from {run.store}: "
        f"{type(error).__name__}: {error} (if it is lost: remove the file, run its stage again)"
    )


def commit_shard(temporary: Path, path: Path, schema: pa.Schema) -> None:
    """Gives a finished shard its name; with a store, its bytes go there and a stub gets the name.

    `schema` is the one it was written by, with its metadata.
    """
    run = find_run()
    if run.store is None:
        commit_file(temporary, path)
        return
    rows = list_group_rows(pq.read_metadata(temporary))
    stub = Stub(hash_file(temporary), temporary.stat().st_size, rows)
    put_object(run.store, temporary, digest=stub.digest)
    max_bytes = int(run.store_cache_gb * GIGABYTE)
    add_object(run.store_cache, temporary, digest=stub.digest, max_bytes=max_bytes)
    write_stub(path, schema, stub)


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


def has_rows(path: Path) -> bool:
    """Whether a shard's rows can be had: False for a stub whose object is gone."""
    stub = read_stub(path)
    if stub is None:
        return True
    run = find_run()
    if find_object(run.store_cache, stub.digest, num_bytes=stub.num_bytes) is not None:
        return True
    return run.store is not None and has_object(run.store, stub.digest, num_bytes=stub.num_bytes)


def delete_rows(stub: Stub, path: Path) -> bool:
    """Deletes the object from the store and this machine's copies; True if the store had it."""
    run = find_run()
    drop_object(run.store_cache, stub.digest)
    return delete_object(_name_store(run, path), stub.digest)


def copy_shard(path: Path, target: Path) -> None:
    """Writes the whole shard to `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = name_temporary(target)
    try:
        open_rows(path, read_stub(path), partial(_copy, target=temporary))
        commit_file(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _copy(source: Path, *, target: Path) -> None:
    shutil.copyfile(source, target)


def _name_store(run: RunParams, path: Path) -> str:
    if run.store is None:
        raise ValueError(f"{path}: its rows lie in a store, and run.store names none")
    return run.store


def find_run() -> RunParams:
    """Of the params.yaml at the root, as it is now; a place without one has no store."""
    try:
        return _read_run(PARAMS.resolve(), os.stat(PARAMS).st_mtime_ns)
    except FileNotFoundError:
        return RunParams()


@lru_cache(maxsize=4)
def _read_run(path: Path, time_ns: int) -> RunParams:
    return read_params(path).run
