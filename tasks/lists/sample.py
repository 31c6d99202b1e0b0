"""The embedded corpus: AVSpeech-shaped lists, and a table of who is in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tasks.lists.avspeech import read_avspeech
from tasks.lists.labels import parse_age, parse_gender
from tasks.lists.rows import BadCell, OnBadRow, describe_bad_row, read_table, report_bad_row
from tasks.records import Clip

LISTS = ("avspeech_train.csv", "avspeech_test.csv")
PEOPLE = "people.csv"
COLUMNS = frozenset({"video_id", "identity", "gender", "age", "ethnicity", "nationality"})


@dataclass(frozen=True)
class Labels:
    """What is known about the person in a video."""

    identity: str | None
    gender: str | None
    age: float | None
    ethnicity: str | None
    nationality: str | None


def read_sample(folder: Path, *, on_bad_row: OnBadRow | None = None) -> Iterator[Clip]:
    """The listed segments with the labels that `people.csv` has for their video."""
    labels = _read_labels(folder / PEOPLE, on_bad_row=on_bad_row)
    lists = [folder / name for name in LISTS]
    for clip in read_avspeech(lists, on_bad_row=on_bad_row, source="sample"):
        if clip.video_id in labels:
            yield replace(clip, **vars(labels[clip.video_id]))
        else:
            error = ValueError(f"{folder / PEOPLE}: value {clip.video_id!r}: no row for this video")
            report_bad_row(error, on_bad_row)


def _read_labels(path: Path, *, on_bad_row: OnBadRow | None) -> dict[str, Labels]:
    labels: dict[str, Labels] = {}
    for line, row in read_table(path, on_bad_row=on_bad_row):
        if not row.keys() >= COLUMNS:
            raise describe_bad_row(path, 1, ",".join(row), f"columns: {', '.join(sorted(COLUMNS))}")
        try:
            labels[row["video_id"]] = _parse_labels(row)
        except BadCell as error:
            report_bad_row(describe_bad_row(path, line, error.value, error.why), on_bad_row)
    return labels


def _parse_labels(row: Mapping[str, str]) -> Labels:
    return Labels(
        row["identity"] or None,
        parse_gender(row["gender"]),
        parse_age(row["age"]),
        row["ethnicity"] or None,
        row["nationality"] or None,
    )
