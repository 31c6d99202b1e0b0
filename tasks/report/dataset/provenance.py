"""What the data set was made from: shard keys, encoder, parameters, sizes on disk."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks.data.samples import DATA_SETS
from tasks.data.shards import list_shards, read_metadata
from tasks.data.stubs import count_bytes, count_rows
from tasks.lists.labels import SPLITS
from tasks.params import Params, flatten
from tasks.report.dataset.census import STAGE_FOLDERS
from tasks.report.tables import Cell, Column, Table

SECTIONS = (
    *("corpus", "download", "extract_media", "find_speech", "align_faces", "compute_features"),
    *("split", "write_shards"),
)
# How fast, how patient, from where: these change no byte of a shard that is there.
CHANGES_NOTHING = frozenset({"batch_size", "device", "watch"})
DIGEST_LENGTH = 16
DOWNLOAD_KEYS = frozenset({"max_height_px", "preroll_s"})


@dataclass(frozen=True)
class Encoder:
    """The face encoder named in the shards; `dimension` is D."""

    name: str
    sha256: str
    dimension: str


@dataclass(frozen=True)
class Folder:
    """One stage's or data set's shards; `digest` is a SHA-256, cut, over their numbers and keys."""

    name: str
    num_shards: int
    num_rows: int
    num_bytes: int
    digest: str


def read_folders(data: Path) -> list[Folder]:
    """Every stage, then every final data set with its splits taken together."""
    places = {stage: [data / folder] for stage, folder in STAGE_FOLDERS.items()}
    for name in DATA_SETS:
        places[name] = [data / "shards" / name / split for split in SPLITS]
    return [_read_folder(name, folders) for name, folders in places.items()]


def _read_folder(name: str, folders: list[Path]) -> Folder:
    num_shards = num_rows = num_bytes = 0
    digest = hashlib.sha256()
    for folder in folders:
        for index, path in list_shards(folder).items():
            num_shards += 1
            num_rows += count_rows(path)
            num_bytes += count_bytes(path)
            digest.update(f"{folder.name}/{index}:{read_metadata(path).get('key')}\n".encode())
    return Folder(name, num_shards, num_rows, num_bytes, digest.hexdigest()[:DIGEST_LENGTH])


def build_folders(folders: list[Folder]) -> Table:
    columns = (
        Column("stage", "code", "stage or data set"),
        Column("shards", "count"),
        Column("rows", "count"),
        Column("num_bytes", "bytes", "on disk"),
        Column("bytes_per_row", "bytes", "a row"),
        Column("keys", "code", "hash of the shards’ keys"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            folder.name,
            folder.num_shards,
            folder.num_rows,
            folder.num_bytes,
            round(folder.num_bytes / folder.num_rows) if folder.num_rows else None,
            folder.digest,
        )
        for folder in folders
    )
    return Table("shards", "Shards on disk", columns, rows)


def read_encoders(data: Path) -> list[Encoder]:
    """The encoders that the feature shards name: one, unless shards of two runs lie together."""
    paths = list_shards(data / STAGE_FOLDERS["compute_features"]).values()
    cards = {
        tuple(read_metadata(path).get(key, "") for key in ("encoder", "encoder_sha256", "D"))
        for path in paths
    }
    return [Encoder(*card) for card in sorted(cards)]


def build_params(params: Params) -> Table:
    """The parameters that the shards depend on, as `section.key`."""
    rows = tuple(
        (f"{section}.{key}", _show(value))
        for section in SECTIONS
        for key, value in flatten(getattr(params, section)).items()
        if _is_shown(section, key) and value not in (None, "", [], {})
    )
    columns = (Column("key", "code"), Column("value", "code"))
    note = "Keys without a value, and those that change no byte of a shard, are left out."
    return Table("params", "Parameters", columns, rows, note, max_shown=200)


def _is_shown(section: str, key: str) -> bool:
    if section == "download":
        return key in DOWNLOAD_KEYS
    return key not in CHANGES_NOTHING


def _show(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
