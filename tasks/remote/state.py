"""Small JSON objects shared by the processes of one run: locked while changed, whole or absent."""

import fcntl
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def update_state(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the object to change in place; written back under the lock if the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # given back by the kernel, however this process ends
        state = read_state(path)
        before = dict(state)
        yield state
        if state != before:
            write_file(path, json.dumps(state, sort_keys=True).encode())


def read_state(path: Path) -> dict[str, Any]:
    """The object, {} where there is none yet."""
    try:
        return dict(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return {}


def write_file(path: Path, data: bytes) -> None:
    """Writes under a temporary name unique to the writer, syncs, renames."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
