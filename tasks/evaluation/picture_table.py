"""Tables of pictures: an original, one made from the face, one made from the voice, and labels."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tasks.evaluation.attributes import GENDERS, map_ethnicity

Role = Literal["original", "from_face", "from_voice"]
ROLES: tuple[Role, ...] = ("original", "from_face", "from_voice")
# Who is in the picture, best known first; each row is a person of its own if none is there.
PERSON_COLUMNS = ("identity", "video_id", "id")
GROUP_COLUMNS = ("source", "gender", "age_group", "ethnicity", "nationality", "native")
AGE_GROUP = re.compile(r"(\d+)\s*[-–]\s*(\d+)|(>=|≥)\s*(\d+)|(\d+)\+|(<)\s*(\d+)")
OLDEST_YEARS = 150.0


@dataclass(frozen=True)
class PictureRow:
    """`groups` by column, None where the cell is empty."""

    name: str
    person: str
    paths: Mapping[Role, Path]
    groups: Mapping[str, str | None]

    @property
    def gender(self) -> str | None:
        gender = self.groups.get("gender")
        return gender if gender in GENDERS else None

    @property
    def ethnicity(self) -> str | None:
        return map_ethnicity(self.groups.get("ethnicity"))


def read_picture_table(table: Path, *, columns: Mapping[Role, str]) -> list[PictureRow]:
    """Rows of a CSV; paths are relative to it. Raises ValueError naming file and line."""
    try:
        with table.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            names = reader.fieldnames or ()
            missing = [name for name in columns.values() if name not in names]
            if missing:
                raise ValueError(f"{table}: line 1: no column {', '.join(missing)}")
            rows = [_parse_row(row, table, reader.line_num, columns=columns) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{table}: cannot be read: {error}") from None
    if not rows:
        raise ValueError(f"{table}: no rows")
    return rows


def _parse_row(
    row: Mapping[str, str | None], table: Path, line: int, *, columns: Mapping[Role, str]
) -> PictureRow:
    paths: dict[Role, Path] = {}
    for role, column in columns.items():
        path = table.parent / (row[column] or "")
        if not path.is_file():
            raise ValueError(f"{table}: line {line}: {column} {row[column]!r}: no such file")
        paths[role] = path
    known = [row[column] for column in PERSON_COLUMNS if row.get(column)]
    name = row.get("id") or paths["original"].stem
    groups = {column: row[column] or None for column in GROUP_COLUMNS if column in row}
    return PictureRow(name, known[0] or "" if known else f"line {line}", paths, groups)


def parse_age_group(label: str | None) -> tuple[float, float] | None:
    """First and last year of "20-39", ">=60", "60+", "<20"; None for anything else."""
    match = AGE_GROUP.fullmatch((label or "").strip())
    if match is None:
        return None
    first, last, _, least, plus, _, below = match.groups()
    if first:
        return float(first), float(last)
    return (0.0, float(below) - 1) if below else (float(least or plus), OLDEST_YEARS)


def place_age(age: float | None, groups: list[str]) -> str | None:
    """The one of `groups` that holds a whole number of years; None if none does."""
    for label in groups:
        limits = parse_age_group(label)
        if age is not None and limits and limits[0] <= int(age) <= limits[1]:
            return label
    return None
