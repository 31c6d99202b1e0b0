"""Which clips came through, which did not, where and why."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tasks.data.left_out import LeftOut
from tasks.data.shards import list_shards
from tasks.data.stored_rows import read_columns
from tasks.outcomes import Status
from tasks.report.dataset.census import OUTCOMES, STAGE_FOLDERS, count_rows
from tasks.report.dataset.reasons import (
    MAY_COME,
    STAGE_WORDS,
    classify_reason,
    describe_reason,
)
from tasks.report.tables import Cell, Column, Table

REJECTED_COLUMNS = ("clip_id", "stage", "reason", "message")
OUTCOME_COLUMNS = ("clip_id", "status", "stage", "reason", "message")
StageReason = tuple[str, str]


@dataclass(frozen=True)
class Attrition:
    """Listed clips by what became of them; `lost` counts by the stage and reason that decided."""

    num_listed: int
    num_kept: int
    num_waiting: int
    lost: Mapping[StageReason, int]

    @property
    def num_may_come(self) -> int:
        """Those that failed for now."""
        return sum(n for (_, reason), n in self.lost.items() if classify_reason(reason) == MAY_COME)


def count_attrition(census: pa.Table) -> Attrition:
    """`num_waiting` clips are of shards that have not come to the end yet."""
    kept = waiting = 0
    lost: Counter[StageReason] = Counter()
    for (status, stage, reason), count in count_rows(census, "status", "stage", "reason").items():
        if status is None:
            waiting += count
        elif status == Status.kept:
            kept += count
        else:
            lost[stage, reason or status] += count
    return Attrition(len(census), kept, waiting, dict(sorted(lost.items(), key=_rank)))


def _rank(item: tuple[StageReason, int]) -> tuple[int, int, str]:
    """In order of the stages, most frequent reason first."""
    (stage, reason), count = item
    stages = list(STAGE_FOLDERS)
    return stages.index(stage) if stage in stages else len(stages), -count, reason


def build_funnel(attrition: Attrition) -> Table:
    """How many clips are left after each stage."""
    left = attrition.num_listed - attrition.num_waiting
    rows: list[tuple[Cell, ...]] = []
    for stage, words in STAGE_WORDS.items():
        lost = sum(n for (decided, _), n in attrition.lost.items() if decided == stage)
        left -= lost
        rows.append((stage, words, lost, left, left / max(attrition.num_listed, 1)))
    columns = (
        Column("stage", "code"),
        Column("does"),
        Column("lost", "count", "lost here"),
        Column("left", "count", "left after it"),
        Column("left_share", "share", "of listed"),
    )
    note = (
        f"{attrition.num_waiting:,} clips are in shards that have not come to the end yet; they "
        "count as listed only."
        if attrition.num_waiting
        else ""
    )
    return Table("funnel", "Clips left after each stage", columns, tuple(rows), note)


def build_left_out(left_out: LeftOut) -> Table:
    """Rows of the lists that became no clip; of the bad ones the first are named."""
    rows: list[tuple[Cell, ...]] = [
        ("repeats another row exactly", left_out.num_repeated, None),
        ("bad", left_out.num_bad_rows, None),
        *(("", None, message) for message in left_out.first_errors),
    ]
    columns = (Column("row"), Column("number", "count"), Column("what_is_wrong"))
    return Table("left_out", "Rows left out", columns, tuple(rows))


def build_reasons(
    attrition: Attrition,
    seen: Mapping[StageReason, int],
    examples: Mapping[StageReason, tuple[str, str]],
) -> Table:
    """Every reason with its count, what it means and an example."""
    rows = tuple(
        (
            reason,
            stage,
            describe_reason(reason),
            classify_reason(reason),
            count,
            count / max(attrition.num_listed, 1),
            seen.get((stage, reason), count),
            *examples.get((stage, reason), (None, None)),
        )
        for (stage, reason), count in attrition.lost.items()
    )
    columns = (
        Column("reason", "code"),
        Column("stage", "code"),
        Column("meaning"),
        Column("kind"),
        Column("clips", "count"),
        Column("share", "share", "of listed"),
        Column("seen", "count", "seen by the stage"),
        Column("example_clip_id", "code"),
        Column("example_message", "text", "for example"),
    )
    note = (
        "A clip counts once, under the first thing that kept it out. “Seen by the stage” also "
        "counts clips that an earlier reason had already kept out: voice and face are looked at "
        "independently, and a clip without usable speech may still give a face."
    )
    title = "Why clips did not come through"
    return Table("reasons", title, columns, rows, note, hidden=frozenset({"example_clip_id"}))


def count_seen(data: Path) -> dict[StageReason, int]:
    """How often each stage by itself gave each reason, whatever became of the clip in others."""
    counts: Counter[StageReason] = Counter()
    for stage, folder in STAGE_FOLDERS.items():
        if stage == "list_clips":
            continue
        for path in list_shards(data / folder).values():
            table = read_columns(path, ["stage", "reason"])
            table = table.filter(
                pc.and_(pc.equal(table["stage"], stage), table["reason"].is_valid())
            )
            for (reason,), count in count_rows(table, "reason").items():
                counts[stage, reason] += count
    return dict(counts)


def read_rejected(data: Path) -> Iterator[tuple[Cell, ...]]:
    """REJECTED_COLUMNS of every clip that did not come through, in order of the shards."""
    for path in list_shards(data / OUTCOMES).values():
        table = read_columns(path, OUTCOME_COLUMNS)
        table = table.filter(pc.not_equal(table["status"], str(Status.kept)))
        for row in table.to_pylist():
            yield row["clip_id"], row["stage"], row["reason"] or row["status"], row["message"]


def find_examples(data: Path) -> dict[StageReason, tuple[str, str]]:
    """Clip id and message of the first clip of each stage and reason."""
    examples: dict[StageReason, tuple[str, str]] = {}
    for clip_id, stage, reason, message in read_rejected(data):
        key = (str(stage), str(reason))
        if key not in examples:
            examples[key] = (str(clip_id), str(message or ""))
    return examples
