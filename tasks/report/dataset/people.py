"""Who is in the data sets: splits, persons, demographics, and whether anyone is in two splits."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tasks.lists.labels import SPLITS
from tasks.report.dataset.census import FLAGS, Floats, count_names, count_rows
from tasks.report.tables import UNKNOWN, Cell, Column, Table

SECONDS_PER_HOUR = 3600.0
YEARS_PER_GROUP = 10
SPLIT_COLUMNS = tuple(Column(split, "count") for split in SPLITS)
LeakKind = Literal["identity", "video_id"]
Attribute = Literal["gender", "age_group", "ethnicity", "nationality"]
ATTRIBUTES: tuple[Attribute, ...] = ("gender", "age_group", "ethnicity", "nationality")


@dataclass(frozen=True)
class Leak:
    """A person or video of which clips are in several splits; `counts` by split."""

    kind: LeakKind
    name: str
    counts: Mapping[str, int]


def build_splits(used: pa.Table, speech_s: Mapping[str, Floats]) -> Table:
    """What each split holds; `used` are the clips in at least one data set."""
    rows = [_describe_split(used, split, speech_s[split]) for split in SPLITS]
    everything = np.concatenate(list(speech_s.values()))
    rows.append(_describe_split(used, "all", everything))
    names = ("pairs", "voices", "faces", "people", "videos")
    columns = (Column("split"), *(Column(name, "count") for name in names))
    hours = Column("speech_h", "number", "hours")
    return Table("splits", "What each split holds", (*columns, hours), tuple(rows))


def _describe_split(used: pa.Table, split: str, speech_s: Floats) -> tuple[Cell, ...]:
    part = used if split == "all" else used.filter(pc.equal(used["split"], split))
    flags = [pc.sum(part[name]).as_py() or 0 for name in FLAGS]
    people, videos = count_names(part["identity"]), count_names(part["video_id"])
    hours = float(speech_s.sum(dtype=np.float64)) / SECONDS_PER_HOUR
    has_identities = used["identity"].null_count < len(used)
    return (split, *flags, people if has_identities else None, videos, hours)


def group_ages(ages: pa.ChunkedArray) -> pa.Array:
    """Decades as text, "20–29"; null where the age is unknown."""
    first = pc.multiply(pc.floor(pc.divide(ages, YEARS_PER_GROUP)), YEARS_PER_GROUP)
    labels = {
        start: f"{start:.0f}–{start + YEARS_PER_GROUP - 1:.0f}"
        for start in pc.unique(first).to_pylist()
        if start is not None
    }
    return pa.array([None if start is None else labels[start] for start in first.to_pylist()])


def build_demographics(used: pa.Table, attribute: Attribute) -> Table:
    """Clips and persons by value and split; decades in order, other values by frequency."""
    values = group_ages(used["age"]) if attribute == "age_group" else used[attribute]
    used = pa.table({name: used[name] for name in ("split", "identity")} | {"value": values})
    counts: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
    for (value, split), count in count_rows(used, "value", "split").items():
        counts[value][split] += count
    people = Counter(
        value for value, identity in count_rows(used, "value", "identity") if identity is not None
    )
    total = max(len(used), 1)
    rows: list[tuple[Cell, ...]] = [
        (
            UNKNOWN if value is None else value,
            *(counts[value][split] for split in SPLITS),
            counts[value].total(),
            counts[value].total() / total,
            people[value] or None,
        )
        for value in _order(counts, by_age=attribute == "age_group")
    ]
    name = Column(attribute, "text", attribute.replace("_", " "))
    columns = (name, *SPLIT_COLUMNS, Column("clips", "count", "all clips"))
    columns += (Column("share", "share"), Column("people", "count"))
    return Table(f"by_{attribute}", f"Clips by {name.title}", columns, tuple(rows), max_shown=15)


def _order(counts: Mapping[str | None, Counter[str]], *, by_age: bool) -> list[str | None]:
    """Known values first."""
    known = [value for value in counts if value is not None]
    if by_age:
        known.sort(key=lambda value: float(value.split("–")[0]))
    else:
        known.sort(key=lambda value: (-counts[value].total(), value))
    return [*known, *([None] if None in counts else [])]


def count_clips_per_person(used: pa.Table) -> dict[tuple[str, str], int]:
    """Clips of each (identity, split), persons by name; clips without identity are left out."""
    counts = count_rows(used, "identity", "split")
    return {key: counts[key] for key in sorted(key for key in counts if key[0] is not None)}


def build_people(counts: Mapping[tuple[str, str], int]) -> Table:
    columns = (Column("identity", "code"), Column("split"), Column("clips", "count"))
    rows = tuple((identity, split, count) for (identity, split), count in counts.items())
    return Table("people", "Clips of each person", columns, rows)


def sum_per_person(counts: Mapping[tuple[str, str], int]) -> npt.NDArray[np.int64]:
    """Clips of each person over all splits, [P]."""
    people: Counter[str] = Counter()
    for (identity, _), count in counts.items():
        people[identity] += count
    return np.fromiter(people.values(), np.int64, len(people))


def find_leaks(used: pa.Table) -> list[Leak]:
    """Persons and videos of which clips are in more than one split."""
    return _find_leaks(used, "identity") + _find_leaks(used, "video_id")


def _find_leaks(used: pa.Table, kind: LeakKind) -> list[Leak]:
    # By the codes of the names: there may be millions of videos.
    codes = {name: used[name].combine_chunks().indices for name in (kind, "split")}
    groups = pa.table(codes).group_by(kind, use_threads=False)
    splits = groups.aggregate([("split", "count_distinct")])
    several = splits.filter(pc.greater(splits["split_count_distinct"], 1))[kind]
    part = used.filter(pc.is_in(codes[kind], several.drop_null()))
    by_name: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (name, split), count in count_rows(part, kind, "split").items():
        by_name[name][split] = count
    return [Leak(kind, name, by_name[name]) for name in sorted(by_name)]


def build_leaks(leaks: list[Leak]) -> Table:
    columns = (Column("kind"), Column("name", "code"), *SPLIT_COLUMNS)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (leak.kind, leak.name, *(leak.counts.get(split, 0) for split in SPLITS)) for leak in leaks
    )
    return Table("leaks", "Persons and videos in more than one split", columns, rows, max_shown=20)
