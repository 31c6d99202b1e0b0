"""Estimates with their intervals beside published numbers, one row each."""

from collections.abc import Sequence

import matplotlib
from matplotlib.lines import Line2D

from tasks.evaluation.scores import Score
from tasks.report.figures import INK, PAPER, STYLE, encode_figure, label_rows, open_figure

ROW_PX = 27


def plot_scores(
    scores: Sequence[Score], *, names: Sequence[str], xlabel: str, width: int, level: float = 0.0
) -> bytes:
    """A dot with its interval for ours, a hollow diamond for the paper's; `level` is dotted."""
    with matplotlib.rc_context(STYLE):
        canvas, axes = open_figure(width, height=95 + ROW_PX * len(scores))
        axes.axvline(level, color=INK, linestyle=":", linewidth=1)
        for place, score in enumerate(scores):
            if score.low is not None and score.high is not None:
                axes.plot([score.low, score.high], [place, place], color=INK, linewidth=1.6)
            if score.value is not None:
                axes.plot(score.value, place, "o", color=INK, markersize=5)
            if score.published is not None:
                (mark,) = axes.plot(score.published, place, "D", zorder=3, markersize=7, color=INK)
                mark.set_markerfacecolor(PAPER)
        label_rows(axes, list(names))
        axes.set_xlabel(xlabel)
        canvas.legend(handles=_make_handles(), loc="outside lower left", ncols=2)
        return encode_figure(canvas)


def _make_handles() -> list[Line2D]:
    ours = Line2D([], [], color=INK, marker="o", markersize=5, label="ours, with 95 % interval")
    paper = Line2D([], [], color=INK, marker="D", markersize=7, linestyle="", label="paper")
    paper.set_markerfacecolor(PAPER)
    return [ours, paper]
