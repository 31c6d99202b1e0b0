"""What a run leaves to read: CSV files, one row per logged step, and means between rows."""

import csv
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from tasks.training.distributed import Ranks, average_values


class Meter:
    """Means since the last row, kept on the device so that no step waits for them."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.count = 0

    def add(self, values: Mapping[str, Tensor]) -> None:
        for name, value in values.items():
            value = value.detach().double()
            self.sums[name] = self.sums[name] + value if name in self.sums else value
        self.count += 1

    def take(self, ranks: Ranks) -> dict[str, float]:
        """The means, over the ranks too; starts again from nothing."""
        means = {name: total / self.count for name, total in self.sums.items()}
        self.sums, self.count = {}, 0
        return average_values(means, ranks)


class CsvLog:
    """A CSV file with columns `step` and those of its first row; it grows row by row."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, step: int, values: Mapping[str, float]) -> None:
        """ValueError if the columns are not those of the file."""
        columns = ["step", *values]
        found = read_columns(self._path)
        if found and found != columns:
            raise ValueError(f"{self._path}: has columns {found}, not {columns}")
        with self._path.open("a", newline="") as file:
            writer = csv.writer(file)
            if not found:
                writer.writerow(columns)
            writer.writerow([step, *(repr(value) for value in values.values())])

    def cut(self, last_step: int) -> None:
        """Removes rows after `last_step`, which a run that resumes there will write again."""
        if not self._path.exists():
            return
        with self._path.open(newline="") as file:
            header, *rows = list(csv.reader(file)) or [[]]
        # A row that a power cut left half written is dropped with those after it.
        kept = [row for row in rows if len(row) == len(header) and int(row[0]) <= last_step]
        temporary = self._path.with_suffix(f".{os.getpid()}.tmp")
        with temporary.open("w", newline="") as file:
            csv.writer(file).writerows([header, *kept] if header else [])
        temporary.replace(self._path)


def read_columns(path: Path) -> list[str]:
    """Column names of a CSV file; none where it is absent or empty."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return next(csv.reader(file), [])


def check_finite(tensors: Mapping[str, Tensor]) -> list[str]:
    """Names of floating-point tensors that hold NaN or infinity."""
    floats = {n: t for n, t in tensors.items() if t.is_floating_point() and t.numel()}
    if not floats:
        return []
    finite = torch.stack([tensor.isfinite().all() for tensor in floats.values()]).tolist()
    return [name for name, good in zip(floats, finite, strict=True) if not good]
