"""Confusion matrices as figures: shares written into cells, darker for more."""

import matplotlib
from matplotlib.axes import Axes

from tasks.evaluation.attributes import Confusion
from tasks.report.figures import INK, PAPER, STYLE, encode_figure, open_figure
from tasks.report.tables import shorten

CELL_PX = 46
DARK = 0.55  # from here on light letters are easier to read


def plot_confusion(confusion: Confusion, *, xlabel: str, ylabel: str) -> tuple[bytes, int]:
    """PNG and its width in CSS pixels; rows sum to 100, empty rows stay empty."""
    side = CELL_PX * len(confusion.labels)
    width = side + 120
    with matplotlib.rc_context(STYLE):
        canvas, axes = open_figure(width, height=side + 90)
        shares = [[value or 0.0 for value in row] for row in confusion.shares]
        axes.imshow(shares, cmap="Greys", vmin=0, vmax=1.25)
        _write_cells(axes, confusion)
        names = [shorten(label, 8) for label in confusion.labels]
        axes.set_xticks(range(len(names)), labels=names, rotation=35 if len(names) > 4 else 0)
        axes.set_yticks(range(len(names)), labels=names)
        axes.tick_params(length=0)
        axes.set_xlabel(xlabel)
        axes.set_ylabel(ylabel)
        axes.spines[:].set_visible(False)
        return encode_figure(canvas), width


def _write_cells(axes: Axes, confusion: Confusion) -> None:
    for row, shares in enumerate(confusion.shares):
        for column, share in enumerate(shares):
            if share is not None:
                colour = PAPER if share > DARK else INK
                text = f"{100 * share:.0f}"
                axes.text(column, row, text, ha="center", va="center", color=colour)
