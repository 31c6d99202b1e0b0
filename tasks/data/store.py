"""Objects named by what is in them, in any folder that fsspec reaches: s3://bucket/prefix, file://…

An object is `<store>/<first two digits>/<SHA-256>`. Credentials and endpoints come from the
environment or the usual files. No file system is kept from call to call: fsspec has one for each
process, so nothing here minds a fork.
"""

import errno
import hashlib
import logging
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, TypeVar

from fsspec.core import url_to_fs

logger = logging.getLogger(__name__)
T = TypeVar("T")
WAITS_S = (1.0, 2.0, 4.0, 8.0)  # between attempts; S3's client has its own quick ones besides
PERMANENT = (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError)
PERMANENT_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
# Where a file can be seen half written; an object store shows an object when it is whole.
GROWING = {"file", "local", "sftp", "ssh", "hdfs", "smb"}
NAME = re.compile(r"[0-9a-f]{64}(\.[0-9a-f]{32}\.tmp)?")


@dataclass(frozen=True)
class StoredObject:
    """`name` is its SHA-256, with an ending where it was left half written."""

    name: str
    num_bytes: int
    place: str


def hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def put_object(store: str, source: Path, *, digest: str) -> None:
    """Returns when the store has it whole. One of the same name is written anew."""
    fs, place = _find_place(store, digest)
    num_bytes = source.stat().st_size

    def upload() -> None:
        if _is_growing(fs):
            fs.makedirs(fs._parent(place), exist_ok=True)
            fs.put_file(str(source), temporary := f"{place}.{uuid.uuid4().hex}.tmp")
            fs.mv(temporary, place)
        else:
            fs.put_file(str(source), place)
        if (arrived := fs.size(place)) != num_bytes:
            raise OSError(f"{arrived} of {num_bytes} bytes have arrived")

    try_again(upload, f"{store}: {digest}")


def get_object(store: str, digest: str, *, target: Path) -> None:
    """OSError if it is not there or has other bytes than its name says."""
    fs, place = _find_place(store, digest)

    def download() -> None:
        fs.get_file(place, str(target))
        if (found := hash_file(target)) != digest:
            raise OSError(f"damaged: its bytes have the SHA-256 {found}")

    try_again(download, f"{store}: {digest}")


def open_object(store: str, digest: str, *, num_bytes: int) -> IO[bytes]:
    """Only the parts that are read are fetched, unverified."""
    fs, place = _find_place(store, digest)
    file: IO[bytes] = fs.open(place, "rb", cache_type="none", size=num_bytes)
    return file


def has_object(store: str, digest: str, *, num_bytes: int) -> bool:
    fs, place = _find_place(store, digest)

    def look() -> bool:
        try:
            return bool(fs.size(place) == num_bytes)
        except FileNotFoundError:
            return False

    return try_again(look, f"{store}: {digest}")


def delete_object(store: str, digest: str) -> bool:
    """True if it was there."""
    fs, place = _find_place(store, digest)

    def delete() -> bool:
        try:
            fs.size(place)
            fs.rm_file(place)
        except FileNotFoundError:
            return False
        return True

    return try_again(delete, f"{store}: {digest}")


def list_objects(store: str) -> Iterator[StoredObject]:
    """Other files that lie there are passed over."""
    fs, root = _open(store)
    for place, info in try_again(lambda: fs.find(root, detail=True), store).items():
        name = place.rpartition("/")[2]
        if NAME.fullmatch(name):
            yield StoredObject(name, info["size"], place)


def read_age_s(store: str, item: StoredObject, *, now: datetime) -> float:
    fs, _ = _open(store)
    written: datetime = fs.modified(item.place)
    return (now - written).total_seconds()


def remove_object(store: str, item: StoredObject) -> None:
    fs, _ = _open(store)
    try_again(lambda: fs.rm_file(item.place), item.place)


def try_store(store: str) -> str | None:
    """What is wrong; None where a small object can be written, read and deleted."""
    try:
        _write_and_delete(store)
    except (ImportError, ValueError) as error:  # no client for it, no such protocol
        return f"{type(error).__name__}: {error}"
    except list_errors() as error:
        return f"{type(error).__name__}: {error}"
    return None


def _write_and_delete(store: str) -> None:
    fs, root = _open(store)
    place = f"{root}/.doctor-{uuid.uuid4().hex}"
    if _is_growing(fs):
        fs.makedirs(root, exist_ok=True)
    fs.pipe_file(place, b"1")
    try:
        if fs.cat_file(place) != b"1":
            raise OSError("what was written does not come back")
    finally:
        fs.rm_file(place)


def list_errors() -> tuple[type[Exception], ...]:
    """What a store's client raises: OSError, and of S3's own ones where that is what is used."""
    s3 = sys.modules.get("botocore.exceptions")
    return (OSError,) if s3 is None else (OSError, s3.BotoCoreError)


def _open(store: str) -> tuple[Any, str]:
    fs, root = url_to_fs(store, use_listings_cache=False)
    return fs, root.rstrip("/")


def _find_place(store: str, digest: str) -> tuple[Any, str]:
    fs, root = _open(store)
    return fs, f"{root}/{digest[:2]}/{digest}"


def _is_growing(fs: Any) -> bool:
    names = {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)
    return bool(names & GROWING)


def try_again(call: Callable[[], T], what: str) -> T:
    """After errors that may pass, with longer and longer waits; the last one is an OSError."""
    waits = iter(WAITS_S)
    while True:
        try:
            return call()
        except list_errors() as error:
            wait_s = None if _is_permanent(error) else next(waits, None)
            if wait_s is None and isinstance(error, OSError):
                raise
            if wait_s is None:
                raise OSError(f"{type(error).__name__}: {error}") from error
            logger.warning("%s: %s; again in %g s", what, error, wait_s)
            time.sleep(wait_s)


def _is_permanent(error: Exception) -> bool:
    return isinstance(error, PERMANENT) or getattr(error, "errno", 0) in PERMANENT_ERRNOS
