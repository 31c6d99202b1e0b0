"""A shard's rows, here or in the store: opened, counted as made, copied, deleted.

What the store has is fetched into `run.store_cache` and opened there.
"""

import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.data.files import commit_file, name_temporary
from tasks.data.object_cache import add_object, drop_object, fetch_object, find_object
from tasks.data.store import (
    delete_object,
    get_object,
    has_object,
    hash_file,
    open_object,
    put_object,
    try_again,
)
from tasks.data.stubs import Stub, list_group_rows, parse_stub, read_stub, write_stub
from tasks.params import RunParams, read_params

T = TypeVar("T")
GIGABYTE = 10**9
MAX_EVICTIONS = 100
PARAMS = Path("params.yaml")
_known: dict[Path, tuple[int, RunParams]] = {}  # as last read, and the file's time then


class RowsGone(OSError):
    """The store has not got the object of a stub."""


def open_shard(path: Path, *, memory_map: bool = False) -> pq.ParquetFile:
    """A shard's rows, which are fetched first where they are not here."""
    opener = partial(pq.ParquetFile, memory_map=memory_map)
    file = opener(path)
    stub = parse_stub(file.metadata.metadata)
    if stub is None:
        return file
    file.close()
    return open_rows(path, stub, opener)


def read_columns(path: Path, columns: Sequence[str]) -> pa.Table:
    """A few small columns of a shard: no more than those is fetched."""
    read = partial(pq.ParquetFile.read, columns=list(columns), use_threads=False)
    with pq.ParquetFile(path) as file:
        stub = parse_stub(file.metadata.metadata)
        if stub is None:
            return read(file)
    return read_parts(path, stub, read)


def read_parts(path: Path, stub: Stub, read: Callable[[pq.ParquetFile], pa.Table]) -> pa.Table:
    """What `read` takes of the copy that is here, or straight from the store: then unverified."""
    run = find_run()
    copy = find_object(run.store_cache, stub.digest, num_bytes=stub.num_bytes)
    if copy is not None:
        with (
            suppress(FileNotFoundError),
            pq.ParquetFile(copy) as file,
        ):  # another process makes room
            return read(file)
    store = _name_store(run, path)

    def read_object() -> pa.Table:
        with pq.ParquetFile(open_object(store, stub.digest, num_bytes=stub.num_bytes)) as file:
            return read(file)

    try:
        return try_again(read_object, f"{store}: {stub.digest}")
    except (OSError, pa.ArrowInvalid) as error:
        raise _describe(path, stub, run, error) from error


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
    except OSError as error:
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
    try:
        put_object(run.store, temporary, digest=stub.digest)
    except OSError as error:
        raise OSError(f"{path}: cannot be put into {run.store}: {error}") from error
    max_bytes = int(run.store_cache_gb * GIGABYTE)
    add_object(run.store_cache, temporary, digest=stub.digest, max_bytes=max_bytes)
    write_stub(path, schema, stub)


def fits_cache(stubs: Iterable[Stub]) -> bool:
    """Whether all of them can be here at once."""
    sizes = {stub.digest: stub.num_bytes for stub in stubs}
    return sum(sizes.values()) <= find_run().store_cache_gb * GIGABYTE


def has_rows(path: Path) -> bool:
    """False for a stub whose object the store has not got (any more), or without a store."""
    stub, store = read_stub(path), find_run().store
    if stub is None:
        return True
    return store is not None and has_object(store, stub.digest, num_bytes=stub.num_bytes)


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
    """Of the params.yaml at the root, as it is now; a place without one has no store.

    While somebody edits it, what runs goes on by what it was.
    """
    path = PARAMS.resolve()
    try:
        time_ns = path.stat().st_mtime_ns
        if path not in _known or _known[path][0] != time_ns:
            _known[path] = time_ns, read_params(path).run
    except (FileNotFoundError, ValueError) as error:
        if path not in _known and isinstance(error, ValueError):
            raise
    return _known[path][1] if path in _known else RunParams()
