"""Lines over a quantity, with intervals; loss curves of a training run.

    figure = draw_curves("duration", "…", [Curve("own face", x, y, low, high)], …)
    figures, logs = draw_losses(weights / "gan", {"Discriminator": ["real", "fake"], …})

The logs go to Page.logs: they are CSVs that nobody reads as tables.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from tasks.report.figures import INK, PAPER, STYLE, Figure, encode_figure, open_figure
from tasks.report.render import Logs

WIDTH_PX = 420
HEIGHT_PX = 260
# Told apart without colour: by stroke and marker.
STROKES = (
    ("-", "o", INK),
    ((0, (5, 2)), "s", "#52606d"),
    ((0, (1, 1.5)), "^", "#33526b"),
    ((0, (6, 2, 1, 2)), "D", "#7b8794"),
    ("-", "x", "#9aa5b1"),
    ((0, (2, 1)), "v", INK),
)
MAX_MARKERS = 12


@dataclass(frozen=True)
class Curve:
    """`y` over `x`; `low` and `high` bound it where they are known."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


def draw_curves(
    name: str,
    title: str,
    curves: Sequence[Curve],
    *,
    xlabel: str,
    ylabel: str,
    table: str,
    level: tuple[float, str] | None = None,
    is_log: bool = False,
    width: int = WIDTH_PX,
) -> Figure:
    """`level` draws a dotted line with its name, such as chance; `table` names the CSV behind."""
    png = plot_curves(curves, xlabel=xlabel, ylabel=ylabel, level=level, is_log=is_log, width=width)
    labels = ", ".join(curve.label for curve in curves)
    alt = f"{ylabel} over {xlabel} for {labels}; numbers in {table}.csv"
    return Figure(name, title, alt, png, width, f"tables/{table}.csv")


def plot_curves(
    curves: Sequence[Curve],
    *,
    xlabel: str,
    ylabel: str,
    level: tuple[float, str] | None = None,
    is_log: bool = False,
    width: int = WIDTH_PX,
) -> bytes:
    """PNG; intervals are a band."""
    with matplotlib.rc_context(STYLE):
        canvas, axes = open_figure(width, height=HEIGHT_PX + 18 * ((len(curves) + 1) // 2))
        for curve, (dashes, marker, colour) in zip(curves, STROKES, strict=False):
            (line,) = axes.plot(curve.x, curve.y, linestyle=dashes, color=colour, label=curve.label)
            line.set_marker(marker)
            line.set_markevery(max(1, len(curve.x) // MAX_MARKERS))
            line.set_markersize(4.5)
            line.set_markerfacecolor(PAPER)
            line.set_linewidth(1.4)
            if curve.low and curve.high:
                axes.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=0.15, lw=0)
        if is_log:
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
            axes.yaxis.set_minor_formatter(NullFormatter())
        if level is not None:
            _draw_level(axes, *level)
        axes.set_xlabel(xlabel)
        axes.set_ylabel(ylabel)
        is_whole = all(float(x).is_integer() for curve in curves for x in curve.x)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=is_whole))
        canvas.legend(loc="outside lower left", ncols=2, handlelength=3)
        return encode_figure(canvas)


def _draw_level(axes: Axes, value: float, name: str) -> None:
    axes.axhline(value, color=INK, linestyle=":", linewidth=1, label=name)


def draw_losses(
    weights: Path, groups: Mapping[str, Sequence[str]], *, log: str = "log"
) -> tuple[tuple[Figure, ...], Logs]:
    """A figure a group of columns of a run's `log`.csv, and the log itself.

    Groups of which no column is there are left out; nothing at all where there is no log.
    """
    path = weights / f"{log}.csv"
    if not path.is_file():
        return (), {}
    columns = read_log(path)
    name = f"{log}_{weights.name}"
    figures = list[Figure]()
    for title, wanted in groups.items():
        found = [column for column in wanted if column in columns]
        curves = [Curve(c.replace("_", " "), columns["step"], columns[c]) for c in found]
        if curves:
            number = len(figures) + 1
            figure = draw_curves(
                f"{name}_{number}", title, curves, xlabel="step", ylabel="as logged", table=name
            )
            figures.append(figure)
    return tuple(figures), {name: (tuple(columns), list(zip(*columns.values(), strict=True)))}


def read_log(path: Path) -> dict[str, list[float]]:
    """Columns of numbers; ValueError naming file and line."""
    columns: dict[str, list[float]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            for name, text in row.items():
                try:
                    columns.setdefault(name, []).append(float(text))
                except (TypeError, ValueError):
                    where = f"{path}: line {reader.line_num}"
                    raise ValueError(f"{where}: {name} is {text!r}, not a number") from None
    return columns
