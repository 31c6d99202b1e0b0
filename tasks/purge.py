"""purge: takes one video or person out of every stage's shards."""

import json
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.data.rows import Row, read_rows, write_rows
from tasks.data.samples import DATA_SETS
from tasks.data.shards import list_shards, read_metadata, remove_leftovers, shard_path
from tasks.data.stored_rows import delete_rows, open_rows, read_columns
from tasks.data.stubs import drop_stub, read_stub
from tasks.download import ROWS_PER_GROUP, compute_content_key
from tasks.list_clips import write_clips
from tasks.lists.exclusions import ExclusionKind
from tasks.lists.labels import SPLITS
from tasks.records import CLIP_SCHEMA, DOWNLOAD_SCHEMA, Download
from tasks.report.dataset.census import STAGE_FOLDERS

CLIPS, MEDIA = STAGE_FOLDERS["list_clips"], STAGE_FOLDERS["download"]
SVHF = Path("svhf")
DERIVED = (
    *(folder for folder in STAGE_FOLDERS.values() if folder not in (CLIPS, MEDIA)),
    SVHF / "outcomes",
)
FINAL = tuple(
    root / name / split
    for root, names in ((Path("shards"), DATA_SETS), (SVHF, ("voices", "faces")))
    for name in names
    for split in SPLITS
)
UNFINISHED = Path("partial/download")
ID_COLUMNS: Mapping[ExclusionKind, str] = {"video": "video_id", "identity": "identity"}
SPAN = r"_\d+-(\d+|end)"  # how tasks.lists.ids ends a clip's id


@dataclass(frozen=True)
class PurgeReport:
    """Which clips went, of which shards, the files that were removed or rewritten for it, and the
    store's objects that held them and are deleted."""

    clip_ids: tuple[str, ...]
    shards: tuple[int, ...]
    num_removed: int
    num_rewritten: int
    objects: tuple[str, ...] = ()


def purge_shards(data: Path, kind: ExclusionKind, *, name: str) -> PurgeReport:
    """Rewrites clips and media without the video or person, removes what was made of their shards.

    Call under the locks of all stages. Clips go last: a purge that was stopped finds them again.
    """
    for folder in (CLIPS, MEDIA, *DERIVED, *FINAL):
        remove_leftovers(data / folder)
    clip_ids = find_clips(data, kind, name=name)
    shards = find_shards(data, clip_ids)
    removed = [path for index in shards for path in _list_derived(data, index)]
    removed += _list_unfinished(data, clip_ids)
    objects = set[str]()
    for path in removed:
        objects.update(_remove(path, clip_ids))
    num_rewritten = 0
    for folder, rewrite in ((MEDIA, _rewrite_media), (CLIPS, _rewrite_clips)):
        for index in shards:
            if _holds(shard_path(data / folder, index), clip_ids):
                objects.update(_replace(shard_path(data / folder, index), clip_ids, rewrite))
                num_rewritten += 1
    return PurgeReport(
        tuple(sorted(clip_ids)), tuple(shards), len(removed), num_rewritten, tuple(sorted(objects))
    )


def find_clips(data: Path, kind: ExclusionKind, *, name: str) -> frozenset[str]:
    """Ids of the clips of a video or person, wherever a shard says whose they are.

    A video's clips are known by their names, too, where the list does not hold them any more.
    """
    found: set[str] = set()
    for folder in (CLIPS, *FINAL):
        for path in list_shards(data / folder).values():
            table = _read_columns(path, ["clip_id", ID_COLUMNS[kind]])
            mask = pc.equal(table[ID_COLUMNS[kind]], name)
            found.update(table["clip_id"].filter(mask).to_pylist())
    if kind == "video":
        pattern = re.compile(re.escape(name) + SPAN)
        for folder in (MEDIA, *DERIVED):
            for path in list_shards(data / folder).values():
                found.update(filter(pattern.fullmatch, _read_ids(path)))
    return frozenset(found)


def find_shards(data: Path, clip_ids: Collection[str]) -> list[int]:
    """Numbers of the shards that hold one of the clips in some stage."""
    if not clip_ids:
        return []
    return sorted(
        {
            index
            for folder in (CLIPS, MEDIA, *DERIVED, *FINAL)
            for index, path in list_shards(data / folder).items()
            if _holds(path, clip_ids)
        }
    )


def _holds(path: Path, clip_ids: Collection[str]) -> bool:
    return path.exists() and any(clip_id in clip_ids for clip_id in _read_ids(path))


def _read_ids(path: Path) -> list[str]:
    return list(_read_columns(path, ["clip_id"])["clip_id"].to_pylist())


def _read_columns(path: Path, columns: list[str]) -> pa.Table:
    read_metadata(path)  # says which file it is that cannot be read
    return read_columns(path, columns)


def _remove(path: Path, clip_ids: Collection[str]) -> Iterator[str]:
    """Removes a folder or a shard, and the object in the store if that holds one of the clips."""
    if path.is_dir():
        shutil.rmtree(path)
        return
    stub = read_stub(path) if _holds(path, clip_ids) else None
    path.unlink()
    if stub is not None:
        delete_rows(stub, path)
        yield stub.digest


def _replace(
    path: Path, clip_ids: Collection[str], rewrite: Callable[[Path, Collection[str]], None]
) -> Iterator[str]:
    stub = read_stub(path)
    rewrite(path, clip_ids)
    if stub is not None:
        delete_rows(stub, path)
        yield stub.digest


def _list_derived(data: Path, index: int) -> Iterator[Path]:
    paths = (shard_path(data / folder, index) for folder in (*DERIVED, *FINAL))
    return filter(Path.exists, paths)


def _list_unfinished(data: Path, clip_ids: Collection[str]) -> Iterator[Path]:
    """Folders of downloads that are under way, of which a clip is there already."""
    for folder in sorted((data / UNFINISHED).glob("shard-*")):
        outcomes = (json.loads(path.read_bytes())["outcome"] for path in folder.glob("*.json"))
        if any(outcome["clip_id"] in clip_ids for outcome in outcomes):
            yield folder


def _rewrite_media(path: Path, clip_ids: Collection[str]) -> None:
    """The other rows stay as they were fetched: the stage takes them over by their clip's id."""
    rows = partial(_read_others, path, clip_ids)
    write_rows(
        path,
        rows(),
        DOWNLOAD_SCHEMA,
        index=0,
        metadata={**drop_stub(read_metadata(path)), "key": compute_content_key(rows())},
        rows_per_group=ROWS_PER_GROUP,
        compression="none",
    )


def _read_others(path: Path, clip_ids: Collection[str]) -> Iterator[Row[Download]]:
    rows = read_rows(path, Download, batch_rows=ROWS_PER_GROUP)
    return (row for row in rows if row.outcome.clip_id not in clip_ids)


def _rewrite_clips(path: Path, clip_ids: Collection[str]) -> None:
    table = open_rows(path, read_stub(path), partial(pq.read_table, schema=CLIP_SCHEMA))
    is_other = pc.invert(pc.is_in(table["clip_id"], pa.array(sorted(clip_ids), pa.string())))
    write_clips(path, table.filter(is_other))
