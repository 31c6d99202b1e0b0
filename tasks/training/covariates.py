"""What is known of each training person: DIMNet's classes (SPEC 6.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from models.dimnet import Covariate
from models.losses import UNKNOWN_LABEL
from tasks.data.readers import read_column, read_index
from tasks.data.resident import build_shared_labels


@dataclass(frozen=True)
class Covariates:
    """`people`: number by name. By covariate: `classes` by name, and `tables`, the class of each
    person, int64 [P], -1 where unknown."""

    people: Mapping[str, int]
    classes: Mapping[Covariate, Mapping[str, int]]
    tables: Mapping[Covariate, Tensor]

    @property
    def num_classes(self) -> dict[Covariate, int]:
        return {name: len(classes) for name, classes in self.classes.items()}


def read_covariates(
    voices: Path, faces: Path, *, wanted: Sequence[Covariate], columns: Mapping[Covariate, str]
) -> Covariates:
    """Of the people who have both voices and faces and of whom one of `wanted` is known; `columns`
    name each covariate's column.

    ValueError for fewer than two people, or where fewer than two classes of a covariate are known.
    """
    known = {
        name: read_people(voices, columns[name]) | read_people(faces, columns[name])
        for name in wanted
    }
    shared = build_shared_labels(voices, faces)
    people = [person for person in shared if any(person in values for values in known.values())]
    classes, tables = {}, {}
    for name, values in known.items():
        found = sorted({values[person] for person in people if person in values})
        if len(found) < 2:
            raise ValueError(
                f"{voices}: column {columns[name]} says {', '.join(found) or 'nothing'} of all "
                f"people: no {name} to learn"
            )
        classes[name] = {value: number for number, value in enumerate(found)}
        numbers = [
            classes[name][values[person]] if person in values else UNKNOWN_LABEL
            for person in people
        ]
        tables[name] = torch.tensor(numbers)
    return Covariates({person: n for n, person in enumerate(people)}, classes, tables)


def read_people(folder: Path, column: str) -> dict[str, str]:
    """What a column of labels says of each person, where it says anything."""
    index = read_index(folder, columns=["identity", column])
    rows = zip(read_column(index, "identity"), read_column(index, column), strict=True)
    return {str(name): str(value) for name, value in rows if None not in (name, value)}
