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
    """Of the people who have both voices and faces; `columns` name each covariate's column.

    ValueError for fewer than two people, or where fewer than two classes of a covariate are known.
    """
    people = build_shared_labels(voices, faces)
    classes, tables = {}, {}
    for name in wanted:
        known = read_people(voices, columns[name]) | read_people(faces, columns[name])
        values = [known.get(person) for person in people]
        found = sorted({value for value in values if value is not None})
        if len(found) < 2:
            raise ValueError(
                f"{voices}: column {columns[name]} says {', '.join(found) or 'nothing'} of all "
                f"people: no {name} to learn"
            )
        classes[name] = {value: number for number, value in enumerate(found)}
        numbers = [UNKNOWN_LABEL if v is None else classes[name][v] for v in values]
        tables[name] = torch.tensor(numbers)
    return Covariates(people, classes, tables)


def read_people(folder: Path, column: str) -> dict[str, str]:
    """What a column of labels says of each person, where it says anything."""
    index = read_index(folder, columns=["identity", column])
    rows = zip(read_column(index, "identity"), read_column(index, column), strict=True)
    return {str(name): str(value) for name, value in rows if None not in (name, value)}
