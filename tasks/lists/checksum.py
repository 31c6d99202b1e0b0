"""What lies in the local files of a list, so that a file that changed counts as new."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from tasks.records import Clip

# Segments of one file mostly stand together in a list.
REMEMBERED_FILES = 4096


def add_checksums(clips: Iterable[Clip]) -> Iterator[Clip]:
    """Adds the SHA-256 of each clip's local files; clips without any stay as they are."""
    hash_once = lru_cache(REMEMBERED_FILES)(hash_file)
    for clip in clips:
        checksum = compute_checksum(clip, hash_one=hash_once)
        yield clip if checksum is None else replace(clip, checksum=checksum)


def compute_checksum(clip: Clip, *, hash_one: Callable[[str], str | None]) -> str | None:
    """The file's SHA-256; of a pair, that of both hashes; None where nothing is local."""
    files = [file for file in (clip.media, clip.picture) if file is not None and "://" not in file]
    hashes = [digest for digest in map(hash_one, files) if digest is not None]
    if len(hashes) < 2:
        return hashes[0] if hashes else None
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def hash_file(file: str) -> str | None:
    """SHA-256 of a file's content; None where there is no such file, as `download` will say."""
    path = Path(file)
    if not path.is_file():
        return None
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
