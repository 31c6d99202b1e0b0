"""Folders of labelled face pictures: UTKFace by file names, FairFace by its CSV."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.evaluation.linear_head import Attributes

# age_gender_race_date.jpg, with endings such as .chip.jpg.
UTKFACE_NAME = re.compile(r"(\d{1,3})_([01])_([0-4])_\d+\.[\w.]*")
UTKFACE_GENDERS = ("m", "f")
# The four classes of S2F; "other" is none of them.
UTKFACE_ETHNICITIES = ("white", "black", "Asian", "India", None)
FAIRFACE_LABELS = "fairface_label_*.csv"
FAIRFACE_COLUMNS = {"file", "age", "gender", "race"}
FAIRFACE_GENDERS = {"Male": "m", "Female": "f"}
FAIRFACE_ETHNICITIES = {
    "White": "white",
    "Black": "black",
    "East Asian": "Asian",
    "Southeast Asian": "Asian",
    "Indian": "India",
    "Latino_Hispanic": None,
    "Middle Eastern": None,
}
FAIRFACE_AGE = re.compile(r"(\d+)-(\d+)|more than (\d+)")
# "more than 70" is taken for this (chosen).
OPEN_AGE = 75.0


@dataclass(frozen=True)
class LabelledFace:
    """`age` in years (the middle of FairFace's groups), `gender` m or f; None where not known."""

    path: Path
    age: float | None
    gender: str | None
    ethnicity: str | None


def read_labelled_folder(folder: Path) -> list[LabelledFace]:
    """Faces by FairFace's CSVs if there are any, else by UTKFace's names; other files do not count.

    Raises ValueError for a folder without labelled faces, or naming file and line of a bad row.
    """
    lists = sorted(folder.glob(FAIRFACE_LABELS))
    if lists:
        faces = [face for path in lists for face in read_fairface(path)]
    else:
        faces = list(find_utkface(folder))
    if not faces:
        raise ValueError(
            f"{folder}: no labelled faces: neither {FAIRFACE_LABELS} nor age_gender_race_date.jpg"
        )
    return faces


def collect_labels(faces: Sequence[LabelledFace]) -> Attributes:
    return Attributes(
        [face.gender for face in faces],
        [face.age for face in faces],
        [face.ethnicity for face in faces],
    )


def find_utkface(folder: Path) -> Iterator[LabelledFace]:
    for path in sorted(folder.rglob("*")):
        match = UTKFACE_NAME.fullmatch(path.name)
        if match:
            age, gender, race = (int(group) for group in match.groups())
            yield LabelledFace(path, float(age), UTKFACE_GENDERS[gender], UTKFACE_ETHNICITIES[race])


def read_fairface(path: Path) -> Iterator[LabelledFace]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = FAIRFACE_COLUMNS - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"{path}: line 1: no column {', '.join(sorted(missing))}")
        for row in reader:
            try:
                yield parse_fairface(row, path.parent)
            except (KeyError, ValueError) as error:
                raise ValueError(f"{path}: line {reader.line_num}: {error}") from None


def parse_fairface(row: dict[str, str], folder: Path) -> LabelledFace:
    match = FAIRFACE_AGE.fullmatch(row["age"])
    if match is None:
        raise ValueError(f"age {row['age']!r}")
    first, last, above = match.groups()
    age = OPEN_AGE if above else (int(first) + int(last)) / 2
    gender, ethnicity = FAIRFACE_GENDERS[row["gender"]], FAIRFACE_ETHNICITIES[row["race"]]
    return LabelledFace(folder / row["file"], age, gender, ethnicity)
