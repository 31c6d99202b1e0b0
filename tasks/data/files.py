"""Files that are whole or absent: written under another name, synced, renamed."""

import os
import uuid
from pathlib import Path


def name_temporary(path: Path) -> Path:
    """A name beside `path` that no other writer has."""
    return path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")


def commit_file(temporary: Path, path: Path) -> None:
    """Gives a finished temporary file its name, so that it survives a power cut whole."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
