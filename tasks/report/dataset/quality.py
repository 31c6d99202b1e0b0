"""How long the clips are and how good the faces: distributions with exact quantiles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.report.dataset.census import Floats
from tasks.report.figures import Figure, plot_histogram
from tasks.report.tables import Cell, Column, Table

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
QUANTILE_NAMES = ("min", "p05", "p25", "median", "p75", "p95", "max")
FIGURE_PX = 420


@dataclass(frozen=True)
class Quantity:
    """Something measured on many clips; `values` [N], `num_unknown` more have none."""

    name: str
    title: str
    unit: str
    values: Floats
    num_unknown: int = 0
    is_log: bool = False

    @property
    def label(self) -> str:
        return f"{self.title} [{self.unit}]" if self.unit else self.title


def build_quantiles(name: str, title: str, quantities: Sequence[Quantity]) -> Table:
    """Count, mean and quantiles (linear interpolation) of each quantity; empty where N is 0."""
    columns = (
        *(Column("quantity"), Column("unit"), Column("count", "count"), Column("unknown", "count")),
        *(Column(name, "number") for name in ("mean", *QUANTILE_NAMES)),
    )
    rows = tuple(
        (item.title, item.unit, len(item.values), item.num_unknown, *_summarise(item.values))
        for item in quantities
    )
    return Table(name, title, columns, rows)


def _summarise(values: Floats) -> tuple[Cell, ...]:
    if not len(values):
        return (None,) * (1 + len(QUANTILES))
    exact = values.astype(np.float64)
    return (float(exact.mean()), *map(float, np.quantile(exact, QUANTILES)))


def plot_quantities(quantities: Sequence[Quantity], *, table: str) -> list[Figure]:
    """A histogram of each."""
    return [
        Figure(
            item.name,
            item.title[:1].upper() + item.title[1:],
            f"Histogram of {item.title}; its quantiles are in {table}.csv",
            plot_histogram(item.values, xlabel=item.label, width=FIGURE_PX, is_log=item.is_log),
            FIGURE_PX,
            f"tables/{table}.csv",
        )
        for item in quantities
    ]


def compute_medians(quantities: Sequence[Quantity]) -> dict[str, float]:
    """By `<name>_median`, where there are values."""
    return {
        f"{item.name}_median": float(np.median(item.values))
        for item in quantities
        if len(item.values)
    }
