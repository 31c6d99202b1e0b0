"""Who a network was trained on and measured on, and what was lost before: `data_card.json`.

An evaluation calls `write_data_card(out, shards, data_sets=("voices", "faces"))`; its report gets
the card back with `read_data_card` and shows it (tasks.report.networks.card).
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tasks.data.readers import name_person, read_batches
from tasks.data.shards import list_shards
from tasks.data.stored_rows import read_columns
from tasks.evaluation.attributes import bin_by_decade
from tasks.evaluation.groups import UNKNOWN

CARD = "data_card.json"
SPLITS = ("train", "val", "test")
DRAWN = "sample"  # the embedded corpus: its people do not exist
ALL = "all"
LABELS = ("identity", "video_id", "source", "gender", "age", "ethnicity", "nationality")


@dataclass(frozen=True)
class GroupCount:
    """How many samples and people of a data set's split have this `value` of an attribute."""

    data_set: str
    split: str
    attribute: str
    value: str
    num_samples: int
    num_people: int


@dataclass(frozen=True)
class DataCard:
    """`lost` counts listed clips that are in none of the data sets, by reason."""

    sources: tuple[str, ...]
    counts: tuple[GroupCount, ...]
    num_listed: int
    lost: tuple[tuple[str, int], ...]

    @property
    def may_show_faces(self) -> bool:
        """Pictures of the people themselves are shown only where nobody is real."""
        return self.sources == (DRAWN,)


def write_data_card(folder: Path, shards: Path, *, data_sets: Sequence[str]) -> DataCard:
    card = count_data(shards, data_sets=data_sets)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(card), indent=1, ensure_ascii=False)
    (folder / CARD).write_text(text + "\n", encoding="utf-8")
    return card


def read_data_card(folder: Path) -> DataCard:
    """ValueError naming the file if there is none."""
    path = folder / CARD
    if not path.is_file():
        raise ValueError(f"{path}: no such file; run the stage that evaluates first")
    values = json.loads(path.read_text(encoding="utf-8"))
    return DataCard(
        tuple(values["sources"]),
        tuple(GroupCount(**item) for item in values["counts"]),
        values["num_listed"],
        tuple((reason, count) for reason, count in values["lost"]),
    )


def count_data(shards: Path, *, data_sets: Sequence[str]) -> DataCard:
    """Splits without rows count nothing."""
    sources, counts = set[str](), list[GroupCount]()
    for data_set in data_sets:
        for split in SPLITS:
            rows = list(_read_labels(shards / data_set / split))
            sources |= {str(row["source"]) for row in rows}
            counts += _count_groups(rows, data_set=data_set, split=split)
    num_listed, lost = _count_lost(shards / "outcomes", data_sets=data_sets)
    return DataCard(tuple(sorted(sources)), tuple(counts), num_listed, lost)


def _read_labels(folder: Path) -> Iterator[dict[str, Any]]:
    if not list_shards(folder):
        return
    for batch in read_batches(folder, columns=LABELS, batch_size=4096):
        for row in range(len(batch["identity"])):
            age = float(batch["age"][row])
            yield {
                "source": batch["source"][row],
                "person": name_person(batch, row),
                "gender": batch["gender"][row],
                "age group": bin_by_decade(None if np.isnan(age) else age),
                "ethnicity": batch["ethnicity"][row],
                "nationality": batch["nationality"][row],
            }


def _count_groups(
    rows: Sequence[dict[str, Any]], *, data_set: str, split: str
) -> Iterator[GroupCount]:
    """One for all, then one a value of every attribute that is known of anybody."""
    people = {row["person"] for row in rows}
    yield GroupCount(data_set, split, ALL, ALL, len(rows), len(people))
    for attribute in ("gender", "age group", "ethnicity", "nationality"):
        found: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            found[row[attribute] or UNKNOWN].append(row["person"])
        for value in sorted(found, key=lambda name: (name == UNKNOWN, name)):
            names = found[value]
            if set(found) != {UNKNOWN}:
                yield GroupCount(data_set, split, attribute, value, len(names), len(set(names)))


def _count_lost(
    folder: Path, *, data_sets: Sequence[str]
) -> tuple[int, tuple[tuple[str, int], ...]]:
    num_listed, lost = 0, Counter[str]()
    flags = [f"in_{name}" for name in data_sets]
    for path in list_shards(folder).values():
        for row in read_columns(path, ["status", "reason", *flags]).to_pylist():
            num_listed += 1
            if not any(row[flag] for flag in flags):
                lost[str(row["reason"] or row["status"])] += 1
    return num_listed, tuple(sorted(lost.items(), key=lambda item: (-item[1], item[0])))
