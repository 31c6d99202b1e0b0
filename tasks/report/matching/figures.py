"""Figures of the report on matching."""

from collections.abc import Iterator, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from tasks.evaluation.matching_table.measure import ORACLE_NAME
from tasks.evaluation.matching_table.rounds import SHORT
from tasks.evaluation.matching_table.systems import DIRECTIONS, Direction
from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line, select_lines
from tasks.report.figures import INK, PAPER, STYLE, Figure, encode_figure, label_rows, open_figure
from tasks.report.matching.found import ALL, OF_GENDER, Found
from tasks.report.networks.curves import Curve, draw_curves

WIDTH_PX, ROW_PX = 420, 30
CHANCE = 0.5
CURVES = 4  # systems a figure; the oracle and chance come besides
TITLES: dict[Direction, str] = {"V→F": "Faces for a voice", "F→V": "Voices for a face"}


def draw_table_3(found: Found) -> tuple[Figure, Figure]:
    """Test accuracy of each system among all people and within a gender."""
    figures = []
    for name, stratum in (("all", ALL), ("gender", OF_GENDER)):
        rows = [found.get(system, stratum=stratum) for system in found.systems]
        oracle = found.get(ORACLE_NAME, stratum=stratum).value
        png = plot_accuracies(rows, names=found.systems, oracle=oracle)
        alt = f"Test accuracy of each system, faces {stratum}; numbers in table_3.csv"
        title = f"Test people, faces {stratum}"
        figures.append(Figure(f"table_3_{name}", title, alt, png, WIDTH_PX, "tables/table_3.csv"))
    return figures[0], figures[1]


def plot_accuracies(
    scores: Sequence[Score], *, names: Sequence[str], oracle: float | None
) -> bytes:
    """A dot with its interval for ours, a hollow diamond for the paper's."""
    with matplotlib.rc_context(STYLE):
        canvas, axes = open_figure(WIDTH_PX, height=130 + ROW_PX * len(scores))
        axes.axvline(CHANCE, color=INK, linestyle=":", linewidth=1)
        if oracle is not None:
            axes.axvline(oracle, color=INK, linestyle=(0, (5, 3)), linewidth=1)
        for place, score in enumerate(scores):
            _draw_row(axes, place, score)
        label_rows(axes, names)
        axes.set_xlim(0.3, 1.02)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_xlabel("accuracy of 1:2 matching")
        canvas.legend(handles=_list_handles(), loc="outside lower left", ncols=2)
        return encode_figure(canvas)


def _draw_row(axes: Axes, place: int, score: Score) -> None:
    if score.low is not None and score.high is not None:
        axes.plot([score.low, score.high], [place, place], color=INK, linewidth=1.6)
    if score.value is not None:
        axes.plot(score.value, place, "o", color=INK, markersize=5)
    if score.published is not None:
        (mark,) = axes.plot(score.published, place, "D", zorder=3, markersize=7, color=INK)
        mark.set_markerfacecolor(PAPER)


def _list_handles() -> list[Line2D]:
    paper = Line2D([], [], color=INK, marker="D", markersize=7, linestyle="", label="paper")
    paper.set_markerfacecolor(PAPER)
    return [
        Line2D([], [], color=INK, marker="o", markersize=5, label="ours, with 95 % interval"),
        Line2D([], [], color=INK, linestyle=":", label="chance"),
        paper,
        Line2D([], [], color=INK, linestyle=(0, (5, 3)), label="gender oracle, ours"),
    ]


def draw_galleries(lines: Sequence[Line]) -> tuple[Figure, ...]:
    """Accuracy over the number of candidates, figures of a few systems in each direction."""
    return tuple(
        figure
        for direction in DIRECTIONS
        for figure in _draw_direction(
            [line for line in select_lines(lines, "galleries") if line.labels[1] == direction],
            direction,
        )
    )


def _draw_direction(lines: Sequence[Line], direction: Direction) -> Iterator[Figure]:
    """The gender oracle is in each."""
    names = [
        name for name in dict.fromkeys(line.labels[0] for line in lines) if name != ORACLE_NAME
    ]
    short, title = SHORT[direction], TITLES[direction]
    for first in range(0, len(names), CURVES):
        chosen = {*names[first : first + CURVES], ORACLE_NAME}
        number = f" ({first // CURVES + 1})" if len(names) > CURVES else ""
        yield draw_curves(
            f"galleries_{short}_{first // CURVES + 1}",
            f"{title}{number}",
            [*list_curves([line for line in lines if line.labels[0] in chosen])],
            xlabel="number of candidates",
            ylabel="accuracy",
            table="galleries",
        )


def list_curves(lines: Sequence[Line]) -> Iterator[Curve]:
    """Intervals only of the first system: bands of all would hide each other."""
    names = list(dict.fromkeys(line.labels[0] for line in lines))
    for place, name in enumerate(names):
        own = [line for line in lines if line.labels[0] == name and line.score.value is not None]
        sizes = [float(line.labels[2]) for line in own]
        values = [line.score.value or 0.0 for line in own]
        low = [line.score.low for line in own if line.score.low is not None]
        high = [line.score.high for line in own if line.score.high is not None]
        is_whole = place == 0 and len(low) == len(high) == len(own)
        yield Curve(name, sizes, values, *((low, high) if is_whole else ()))
    sizes = sorted({float(line.labels[2]) for line in lines})
    yield Curve("chance", sizes, [1 / size for size in sizes])
