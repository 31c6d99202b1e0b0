"""list_clips: the corpus's lists as numbered shards of clips, assigned once and for all."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import numpy as np
import pyarrow as pa
from prefect import task

from tasks.data.left_out import LeftOut, write_left_out
from tasks.data.shards import (
    ShardWriter,
    compute_key,
    in_batches,
    list_shards,
    read_key,
    remove_leftovers,
    shard_path,
)
from tasks.data.stored_rows import read_columns
from tasks.lists.assignment import Ints, assign_rows, find_first
from tasks.lists.checksum import add_checksums
from tasks.lists.corpus import read_corpus
from tasks.lists.rows import OnBadRow, report_bad_row
from tasks.params import CorpusParams
from tasks.records import CLIP_SCHEMA, FETCHED_COLUMNS, Clip

logger = logging.getLogger(__name__)

STAGE = "list_clips"
BATCH_ROWS = 16_384
ROWS_PER_GROUP = 1024
MAX_SHOWN = 20


@dataclass(frozen=True)
class ListReport:
    """What listing a corpus came to; `num_repeated` rows stood in the lists more than once."""

    num_clips: int
    num_shards: int
    num_written: int
    num_repeated: int
    num_bad_rows: int = 0


class BadRows:
    """Counts rows that are skipped, shows and keeps the first ones."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[str] = []

    def __call__(self, error: ValueError) -> None:
        self.count += 1
        if self.count <= MAX_SHOWN:
            logger.warning("skipped: %s", error)
            self.first.append(str(error))


@task(task_run_name=STAGE)
def list_corpus(out: Path, params: CorpusParams) -> ListReport:
    """Reads the lists and writes the shards that changed; raises ValueError for a bad row, unless
    `corpus.skip_bad_rows`. Call under the stage's lock."""
    remove_leftovers(out)
    bad_rows = BadRows()
    on_bad_row = bad_rows if params.skip_bad_rows else None
    clips = add_checksums(read_corpus(params, on_bad_row=on_bad_row))
    report = assign_shards(clips, out=out, shard_size=params.shard_size, on_bad_row=on_bad_row)
    report = ListReport(**{**vars(report), "num_bad_rows": bad_rows.count})
    write_left_out(out, LeftOut(report.num_repeated, bad_rows.count, tuple(bad_rows.first)))
    logger.info("list_clips: %s", describe_report(report))
    return report


def describe_report(report: ListReport) -> str:
    text = f"{report.num_clips} clips in {report.num_shards} shards, {report.num_written} written"
    skipped = {"repeated rows": report.num_repeated, "bad rows": report.num_bad_rows}
    return text + "".join(f", {count} {name} left out" for name, count in skipped.items() if count)


def assign_shards(
    clips: Iterable[Clip], *, out: Path, shard_size: int, on_bad_row: OnBadRow | None = None
) -> ListReport:
    """Assigns clips to the shards in `out` and writes those whose content changed.

    Append-only: a clip that is in a shard stays there; one no longer listed leaves it, if need be
    empty; new ones make new shards. A row that repeats another one exactly is dropped and counted;
    one that says something else about the same clip is a bad row. Holds about 0.3 kB a row.
    """
    table, clip_hashes, video_hashes = _collect(clips)
    if not len(table):
        raise ValueError("the corpus lists no clip (see corpus.identities, corpus.exclusions)")
    first = find_first(clip_hashes)
    repeats = np.flatnonzero(first != np.arange(len(first)))
    num_exact = _check_repeats(table, repeats, first=first[repeats], on_bad_row=on_bad_row)
    rows = np.flatnonzero(first == np.arange(len(first)))
    shards = assign_rows(
        clip_hashes[rows], video_hashes[rows], old=_read_assigned(out), shard_size=shard_size
    )
    written = 0
    for index, positions in shards.items():
        written += write_clips(shard_path(out, index), table.take(rows[positions]))
    _remove_foreign(out, shards.keys())
    return ListReport(len(rows), len(shards), written, num_exact)


def _collect(clips: Iterable[Clip]) -> tuple[pa.Table, Ints, Ints]:
    """All clips as one table in one piece, with hashes of their clip and video ids, [N] each."""
    pieces: list[list[pa.Array]] = [[] for _ in CLIP_SCHEMA]
    clip_hashes, video_hashes = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    get_values = attrgetter(*CLIP_SCHEMA.names)
    for batch in in_batches(clips, BATCH_ROWS):
        columns = zip(*map(get_values, batch), strict=True)
        for arrays, column, field in zip(pieces, columns, CLIP_SCHEMA, strict=True):
            arrays.append(pa.array(column, field.type))
        clip_hashes.append(_hash_all(clip.clip_id for clip in batch))
        video_hashes.append(_hash_all(clip.video_id for clip in batch))
    whole = []
    for arrays, field in zip(pieces, CLIP_SCHEMA, strict=True):
        whole.append(pa.concat_arrays(arrays or [pa.array([], field.type)]))
        arrays.clear()  # so that only one column is held twice
    table = pa.Table.from_arrays(whole, schema=CLIP_SCHEMA)
    pa.default_memory_pool().release_unused()  # the pieces, before sorting takes as much again
    return table, np.concatenate(clip_hashes), np.concatenate(video_hashes)


def _hash_all(names: Iterable[str]) -> Ints:
    """Hashes that hold within this process: they say which names are equal, not their order."""
    return np.fromiter((hash(name) for name in names), np.int64)


def _check_repeats(
    table: pa.Table, repeats: Ints, *, first: Ints, on_bad_row: OnBadRow | None
) -> int:
    """How many of the rows at `repeats` equal those at `first`; the others are bad rows."""
    num_exact = 0
    for positions in _in_slices(len(repeats)):
        ours = table.take(repeats[positions]).to_pylist()
        theirs = table.take(first[positions]).to_pylist()
        for row, other in zip(ours, theirs, strict=True):
            differing = [name for name in row if row[name] != other[name]]
            if not differing:
                num_exact += 1
                continue
            values = ", ".join(f"{name} {row[name]!r} and {other[name]!r}" for name in differing)
            error = ValueError(f"corpus: value {row['clip_id']!r}: listed twice, with {values}")
            report_bad_row(error, on_bad_row)
    if num_exact:
        logger.warning("%d rows repeat another one exactly and were dropped", num_exact)
    return num_exact


def _in_slices(length: int) -> Iterator[slice]:
    for start in range(0, length, BATCH_ROWS):
        yield slice(start, start + BATCH_ROWS)


def _read_assigned(out: Path) -> dict[int, Ints]:
    """The hashes of the clip ids in each shard there is."""
    return {
        index: _hash_all(read_columns(path, ["clip_id"])["clip_id"].to_pylist())
        for index, path in list_shards(out).items()
    }


def write_clips(path: Path, table: pa.Table) -> bool:
    """Writes the shard unless it is there with this content; returns whether it did.

    `key` stands for what later stages compute with, `labels_key` for all columns.
    """
    keys = {
        "key": compute_key(stage=STAGE, clips=table.select(FETCHED_COLUMNS).to_pydict()),
        "labels_key": compute_key(stage=STAGE, clips=table.to_pydict()),
    }
    if all(read_key(path, name) == key for name, key in keys.items()):
        return False
    with ShardWriter(
        path, CLIP_SCHEMA, metadata={"stage": STAGE, **keys}, rows_per_group=ROWS_PER_GROUP
    ) as writer:
        for row in table.to_pylist():
            writer.write(row)
    return True


def _remove_foreign(out: Path, indices: Iterable[int]) -> None:
    wanted = set(indices)
    for index, path in list_shards(out).items():
        if index not in wanted:
            logger.info("%s: of another corpus, removed", path)
            path.unlink()
