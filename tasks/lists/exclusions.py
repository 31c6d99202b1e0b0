"""Videos and persons to keep out, by the hash of their name: a small text file kept in git."""

import hashlib
import os
import re
import uuid
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from tasks.lists.rows import describe_bad_row, read_lines
from tasks.records import Clip

ExclusionKind = Literal["video", "identity"]
ROW = re.compile(r"(video|identity) ([0-9a-f]{64})")


def hash_id(kind: ExclusionKind, name: str) -> str:
    """SHA-256, so that the file does not name whom it keeps out."""
    return hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()


def read_exclusions(path: Path) -> frozenset[str]:
    """The hashes in the file, none if it is missing; rows are `video|identity <hash>` or `# …`."""
    if not path.exists():
        return frozenset()
    hashes = set()
    for number, line in read_lines(path):
        match = ROW.fullmatch(line.strip())
        if match is not None:
            hashes.add(match[2])
        elif line.strip() and not line.startswith("#"):
            raise describe_bad_row(path, number, line, "a row is `video|identity <SHA-256>`")
    return frozenset(hashes)


def is_excluded(clip: Clip, exclusions: Collection[str]) -> bool:
    if not exclusions:
        return False
    return hash_id("video", clip.video_id) in exclusions or (
        clip.identity is not None and hash_id("identity", clip.identity) in exclusions
    )


def add_exclusion(path: Path, kind: ExclusionKind, *, name: str) -> None:
    """Adds one row, unless it is there; the file is replaced whole, never half written."""
    digest = hash_id(kind, name)
    if digest in read_exclusions(path):
        return
    text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    if text and not text.endswith("\n"):
        text += "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(f"{text}{kind} {digest}\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
