"""What of an unfinished shard is already there, clip by clip: a killed run goes on where it was.

Files are named by the clip's place in the shard, never by what a list says. A clip's JSON is
written last: without it the clip has not been fetched.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tasks.data.rows import Row
from tasks.outcomes import Outcome, Reason, Status
from tasks.records import Download
from tasks.remote.state import write_file


@dataclass(frozen=True)
class Partial:
    """The folder of one shard."""

    folder: Path

    def path(self, place: int, suffix: str) -> Path:
        return self.folder / f"{place:06d}.{suffix}"


def open_partial(folder: Path, *, key: str) -> Partial:
    """What was fetched for the same key; anything else in the folder is removed."""
    marker = folder / "key"
    if not (marker.is_file() and marker.read_text(encoding="ascii") == key):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_file(marker, key.encode("ascii"))
    for leftover in folder.glob(".*"):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()
    return Partial(folder)


def remove_partial(partial: Partial) -> None:
    shutil.rmtree(partial.folder)


def write_row(partial: Partial, place: int, row: Row[Download]) -> None:
    """Media and picture first, the outcome last, each whole or absent."""
    values: dict[str, Any] = {"outcome": vars(row.outcome)}
    if row.record is not None:
        for name in ("media", "picture"):
            data = getattr(row.record, name)
            if data is not None:
                write_file(partial.path(place, name), data)
            values[name] = data is not None
        values |= {"media_format": row.record.media_format, "offset_s": row.record.offset_s}
    write_file(partial.path(place, "json"), json.dumps(values, sort_keys=True).encode())


def read_outcome(partial: Partial, place: int) -> Outcome | None:
    """None where the clip has not been fetched."""
    values = _read_values(partial, place)
    return None if values is None else _read_outcome(values)


def read_row(partial: Partial, place: int) -> Row[Download] | None:
    """None where the clip has not been fetched."""
    values = _read_values(partial, place)
    if values is None:
        return None
    outcome = _read_outcome(values)
    if not outcome.is_kept:
        return Row(outcome, None)
    parts = {
        name: partial.path(place, name).read_bytes() if values[name] else None
        for name in ("media", "picture")
    }
    return Row(
        outcome, Download(media_format=values["media_format"], offset_s=values["offset_s"], **parts)
    )


def _read_values(partial: Partial, place: int) -> dict[str, Any] | None:
    path = partial.path(place, "json")
    return dict(json.loads(path.read_bytes())) if path.exists() else None


def _read_outcome(values: Mapping[str, Any]) -> Outcome:
    plain = Outcome(**values["outcome"])
    reason = None if plain.reason is None else Reason(plain.reason)
    return replace(plain, status=Status(plain.status), reason=reason)
