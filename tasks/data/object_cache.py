"""A folder with copies of a store's objects, bounded: those not used for longest make room.

Several processes may share it. One fetches an object while others that want it wait; a copy that is
open stays readable when it is removed.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.data.files import commit_file, name_temporary

LOCK = ".lock"
READ_ONLY = 0o444
ABANDONED_S = 3600.0  # a temporary file as old is a killed process's


def find_object(folder: Path, digest: str, *, num_bytes: int) -> Path | None:
    """The copy, used now; None where there is none of this size."""
    path = _place(folder, digest)
    try:
        if path.stat().st_size != num_bytes:
            return None
        os.utime(path)
    except FileNotFoundError:
        return None
    return path


def fetch_object(
    folder: Path,
    digest: str,
    *,
    num_bytes: int,
    max_bytes: int,
    download: Callable[[Path], None],
) -> Path:
    """The copy, which `download` writes where there is none. It may be gone a moment later."""
    if (found := find_object(folder, digest, num_bytes=num_bytes)) is not None:
        return found
    path = _place(folder, digest)
    with _lock(path.parent):
        if (found := find_object(folder, digest, num_bytes=num_bytes)) is not None:
            return found
        make_room(folder, max_bytes - num_bytes)
        temporary = name_temporary(path)
        try:
            download(temporary)
            _commit(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return path


def add_object(folder: Path, source: Path, *, digest: str, max_bytes: int) -> None:
    """Moves a file into the cache."""
    path = _place(folder, digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    make_room(folder, max_bytes - source.stat().st_size)
    temporary = name_temporary(path)
    try:
        shutil.move(source, temporary)
        _commit(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _commit(temporary: Path, path: Path) -> None:
    temporary.chmod(READ_ONLY)  # nobody looks at its bytes again
    commit_file(temporary, path)


def drop_object(folder: Path, digest: str) -> None:
    _place(folder, digest).unlink(missing_ok=True)


def make_room(folder: Path, max_bytes: int) -> None:
    """Removes what was not used for longest until the rest fits."""
    now, found = time.time(), []
    for path in folder.glob("??/*"):
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue  # another process makes room, too
        is_abandoned = now - stat.st_mtime > ABANDONED_S
        found.append((stat.st_mtime_ns, stat.st_size, path, path.name[0] != "." or is_abandoned))
    total = sum(size for _, size, _, _ in found)
    for _, size, path, is_removable in sorted(found):
        if total <= max_bytes:
            break
        if is_removable and path.name != LOCK:
            path.unlink(missing_ok=True)
            total -= size


def _place(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / digest


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
