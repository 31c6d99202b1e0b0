"""Figures of a report: PNG at twice the screen's density, readable without colour.

The same data gives the same bytes: no date and no program name in the file, fonts from matplotlib.
"""

import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from PIL import Image

from tasks.report.tables import format_number, shorten

Floats = npt.NDArray[np.floating]
CSS_PX_PER_INCH = 96
DENSITY = 2
# Dark, light with strokes, middle with dots, white with crosses: told apart in grey and by texture.
INK, PAPER = "#1f2933", "#ffffff"
FILLS = (("#33526b", ""), ("#dfe6ec", "////"), ("#9fb3c4", "...."), ("#ffffff", "xxxx"))
LABEL_LENGTH = 34
MAX_BINS = 40
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": "#7b8794",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.7,
    "hatch.color": INK,
    "patch.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "text.parse_math": False,
}


@dataclass(frozen=True)
class Figure:
    """`name` is the file's; `alt` says in words what is to be seen; `width_px` in CSS pixels."""

    name: str
    title: str
    alt: str
    png: bytes
    width_px: int
    table: str

    @property
    def path(self) -> str:
        return f"figures/{self.name}.png"


def plot_bars(
    values: Mapping[str, int], *, kinds: Sequence[str] = (), legend: Sequence[str] = (), width: int
) -> bytes:
    """Horizontal bars with their numbers; `kinds`, one a bar and each of `legend`, set the fill."""
    labels = list(values)
    fills = [FILLS[legend.index(kind)] for kind in kinds] or [FILLS[0]] * len(labels)
    with matplotlib.rc_context(STYLE):
        canvas, axes = open_figure(width, height=70 + 24 * len(labels) + 20 * bool(legend))
        for place, (value, (colour, hatch)) in enumerate(zip(values.values(), fills, strict=True)):
            axes.barh(place, value, 0.7, color=colour, hatch=hatch, edgecolor=INK)
            axes.text(value, place, f"  {value:,}", va="center", ha="left")
        label_rows(axes, labels)
        axes.set_xlim(0, 1.18 * max([*values.values(), 1]))
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        _add_legend(canvas, axes, legend)
        return encode_figure(canvas)


def plot_stacked_bars(
    values: Mapping[str, Sequence[int]], *, legend: Sequence[str], width: int
) -> bytes:
    """Horizontal bars made of one part per entry of `legend`, with their sums."""
    with matplotlib.rc_context(STYLE):
        canvas, axes = open_figure(width, height=90 + 24 * len(values))
        for place, parts in enumerate(values.values()):
            left = 0
            for part, (colour, hatch) in zip(parts, FILLS, strict=False):
                axes.barh(place, part, 0.7, left=left, color=colour, hatch=hatch, edgecolor=INK)
                left += part
            axes.text(left, place, f"  {left:,}", va="center", ha="left")
        label_rows(axes, list(values))
        axes.set_xlim(0, 1.18 * max([*map(sum, values.values()), 1]))
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        _add_legend(canvas, axes, legend)
        return encode_figure(canvas)


def plot_histogram(values: Floats, *, xlabel: str, width: int, is_log: bool = False) -> bytes:
    """Counts over `values` [N], with a line at the median; whole numbers get bins of their own."""
    with matplotlib.rc_context(STYLE):
        canvas, axes = open_figure(width, height=230)
        if len(values):
            edges = _choose_edges(values, is_log=is_log)
            axes.hist(values, edges.tolist(), rwidth=0.93, color=FILLS[0][0])
            median = float(np.median(values))
            axes.axvline(median, color=PAPER, linewidth=3)
            axes.axvline(median, color=INK, linestyle=(0, (4, 2)), linewidth=1.2)
            axes.set_title(f"median {format_number(median)} (dashed), n = {len(values):,}")
        else:
            axes.set_title("no values")
        if is_log and len(values):
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(_write_plainly)
        elif np.all(values == np.round(values)):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel(xlabel)
        axes.set_ylabel("count")
        axes.yaxis.set_major_formatter(_write_plainly)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        return encode_figure(canvas)


def _write_plainly(value: float, _: float) -> str:
    return f"{value:,.10g}"


def _choose_edges(values: Floats, *, is_log: bool) -> Floats:
    num_bins = min(MAX_BINS, round(2 * len(values) ** (1 / 3)))  # Rice's rule
    low, high = float(values.min()), float(values.max())
    if is_log:
        low, high = max(low, 1e-6), max(high, 1e-6)
        return np.geomspace(low / 1.0001, high * 1.0001, num_bins + 1)
    if np.all(values == np.round(values)) and high - low < MAX_BINS:
        return np.arange(low - 0.5, high + 1)
    if high == low:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, num_bins + 1)


def open_figure(width: int, *, height: int) -> tuple[Canvas, Axes]:
    """A canvas of `width` × `height` CSS pixels with one pair of axes."""
    size = (width / CSS_PX_PER_INCH, height / CSS_PX_PER_INCH)
    canvas = Canvas(figsize=size, dpi=CSS_PX_PER_INCH * DENSITY, layout="constrained")
    FigureCanvasAgg(canvas)
    return canvas, canvas.add_subplot()


def label_rows(axes: Axes, labels: Sequence[str]) -> None:
    """Names from top to bottom; they come from lists and are drawn as they are, never as TeX."""
    shown = [textwrap.fill(shorten(label, LABEL_LENGTH), 20) for label in labels]
    axes.set_yticks(range(len(shown)), labels=shown)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(shown) - 0.4, -0.6)


def _add_legend(canvas: Canvas, axes: Axes, legend: Sequence[str]) -> None:
    if not legend:
        return
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor=INK, label=label)
        for label, (colour, hatch) in zip(legend, FILLS, strict=False)
    ]
    canvas.legend(handles=handles, loc="outside lower left", ncols=len(legend), handlelength=2.2)


def encode_figure(canvas: Canvas) -> bytes:
    """PNG with a palette, a third as large as without."""
    drawn, packed = io.BytesIO(), io.BytesIO()
    canvas.savefig(drawn, format="png", facecolor=PAPER, metadata={"Software": None})
    with Image.open(drawn, formats=["PNG"]) as image:
        quantise(image.convert("RGB")).save(packed, "PNG", optimize=True)
    return packed.getvalue()


def quantise(image: Image.Image) -> Image.Image:
    """An RGB picture of a few hundred colours with a palette of 256: nothing that can be seen."""
    return image.quantize(256, dither=Image.Dither.NONE)
