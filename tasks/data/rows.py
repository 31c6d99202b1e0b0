"""Rows of a stage's shard: what became of each clip, and its record where it was kept."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar

import pyarrow as pa

from tasks.data.shards import ROWS_PER_GROUP, ShardResult, ShardWriter, restore_enums
from tasks.data.stored_rows import open_shard, read_columns
from tasks.data.stubs import count_bytes
from tasks.outcomes import OUTCOME_SCHEMA, Outcome, Rejected, Status
from tasks.records import Clip

A = TypeVar("A")
B = TypeVar("B")
R = TypeVar("R")


@dataclass(frozen=True)
class Row(Generic[R]):
    """One clip in one stage: its outcome, and the record if it was kept."""

    outcome: Outcome
    record: R | None


def read_rows(
    path: Path,
    record: type[R],
    *,
    columns: Sequence[str] | None = None,
    batch_rows: int = 16,
) -> Iterator[Row[R]]:
    """Reads a stage's shard: each clip's outcome, and its record where it was kept."""
    names = [field.name for field in fields(record)]  # type: ignore[arg-type]
    wanted = names if columns is None else list(columns)
    absent = dict.fromkeys(set(names) - set(wanted))
    with open_shard(path) as file:
        for batch in file.iter_batches(
            batch_size=batch_rows, columns=[*OUTCOME_SCHEMA.names, *wanted]
        ):
            for values in batch.to_pylist():
                outcome = Outcome(
                    **restore_enums({name: values.pop(name) for name in OUTCOME_SCHEMA.names})
                )
                yield Row(outcome, record(**absent, **values) if outcome.is_kept else None)


def read_outcomes(path: Path) -> Iterator[Outcome]:
    for values in read_columns(path, OUTCOME_SCHEMA.names).to_pylist():
        yield Outcome(**restore_enums(values))


def join_clips(clips: Iterable[Clip], rows: Iterable[Row[R]]) -> Iterator[Row[tuple[Clip, R]]]:
    """Puts each row's listed item beside its record; both shards hold the same clips in order."""
    for clip, row in zip(clips, rows, strict=True):
        assert clip.clip_id == row.outcome.clip_id, (clip.clip_id, row.outcome.clip_id)
        yield Row(row.outcome, None if row.record is None else (clip, row.record))


def map_rows(
    stage: str, rows: Iterable[Row[A]], compute: Callable[[A], B | None]
) -> Iterator[Row[B]]:
    """Computes a stage's record for each clip that is still in; earlier outcomes are forwarded.

    `compute` raises Rejected for bad data and returns None where the stage does not apply.
    """
    for row in rows:
        if row.record is None:
            yield Row(row.outcome, None)
            continue
        clip_id = row.outcome.clip_id
        try:
            record = compute(row.record)
        except Rejected as error:
            yield Row(reject(clip_id, stage, error), None)
            continue
        status = Status.not_applicable if record is None else Status.kept
        yield Row(Outcome(clip_id, status, stage), record)


def reject(clip_id: str, stage: str, error: Rejected) -> Outcome:
    """The outcome of a clip that was rejected in this stage."""
    return Outcome(clip_id, error.reason.status, stage, error.reason, error.message, error.attempts)


def write_rows(
    path: Path,
    rows: Iterable[Row[R]],
    schema: pa.Schema,
    *,
    index: int,
    metadata: Mapping[str, str],
    rows_per_group: int = ROWS_PER_GROUP,
    compression: str = "zstd",
) -> ShardResult:
    """Writes a stage's shard (outcome columns, then the record's) and counts the outcomes."""
    start, counts = monotonic(), Counter[str]()
    full_schema = pa.schema([*OUTCOME_SCHEMA, *schema])
    with ShardWriter(
        path,
        full_schema,
        metadata=metadata,
        rows_per_group=rows_per_group,
        compression=compression,
    ) as writer:
        for row in rows:
            counts[describe(row.outcome)] += 1
            record = {} if row.record is None else vars(row.record)
            writer.write({**vars(row.outcome), **record})
    return ShardResult(index, dict(counts), monotonic() - start, count_bytes(path))


def describe(outcome: Outcome) -> str:
    """ "kept", "not_applicable", or the reason."""
    return str(outcome.reason or outcome.status)
