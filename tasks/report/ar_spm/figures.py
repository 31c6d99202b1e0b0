"""The figures of AR-SPM's report, from what an evaluation left."""

import csv
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from tasks.evaluation.ar_spm.names import CURVES
from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line
from tasks.report.ar_spm.pivot import index_lines
from tasks.report.ar_spm.tables import MODELS
from tasks.report.figures import Figure
from tasks.report.forest import plot_scores
from tasks.report.networks.curves import Curve, draw_curves
from tasks.report.tables import Cell, Column, Table

FOREST_PX, CURVES_PX, CELL_PX = 620, 620, 72
TITLES = {
    "fig2": ("Fig. 2: the neutral prior of more and more faces, decoded", "pictures"),
    "fig4": ("Fig. 4: faces, and what the face decoder makes of their features", "pictures"),
    "fig6": ("Fig. 6: unseen people; one row a model", "pictures"),
}
# Table 4's two that Fig. 5 compares.
COMPARED = ("non-prior", "neutral+fc")
Losses = Mapping[str, tuple[list[float], list[float]]]


def read_curves(folder: Path) -> dict[str, tuple[list[float], list[float]]]:
    """Steps and losses of each variant."""
    curves: dict[str, tuple[list[float], list[float]]] = {}
    with (folder / CURVES).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            steps, losses = curves.setdefault(row["model"], ([], []))
            steps.append(float(row["step"]))
            losses.append(float(row["loss"]))
    return curves


def draw_losses(losses: Losses) -> list[Figure]:
    """Fig. 5, and the other variants where they are there."""
    figures = []
    others = [name for name in losses if name not in COMPARED]
    for name, title, wanted in (
        ("fig5", "Fig. 5: training loss with and without a prior", COMPARED),
        ("fig5_others", "Training loss of the other variants", others),
    ):
        curves = [Curve(key, *losses[key]) for key in wanted if key in losses]
        if curves:
            figure = draw_curves(
                name,
                title,
                curves,
                xlabel="step",
                ylabel="training loss",
                table="curves",
                width=CURVES_PX,
            )
            figures.append(figure)
    return figures


def build_curves_table(losses: Losses) -> Table:
    """One row a variant: how far the loss fell, and its largest jump from one row to the next."""
    rows: list[tuple[Cell, ...]] = []
    for name, (steps, values) in losses.items():
        jumps = [after / before for before, after in pairwise(values)]
        largest = max(jumps, default=None)
        half = next(
            (step for step, v in zip(steps, values, strict=True) if v <= values[0] / 2), None
        )
        rows.append((name, len(steps), values[0], values[-1], half, largest))
    columns = (
        *(Column("model"), Column("logged", "count", "logged rows")),
        *(Column("first", "number", "first loss"), Column("last", "number", "last loss")),
        Column("half_step", "count", "step at half the first loss"),
        Column("largest_rise", "number", "largest rise, ratio"),
    )
    note = "Each logged loss is the mean since the row before. A rise of several times is a spike."
    return Table("curves_summary", "How the losses fell", columns, tuple(rows), note=note)


def draw_angles(lines: Sequence[Line]) -> Figure:
    """The true angle of every model that is here, beside the printed ones."""
    found = index_lines(lines, "table4")
    rows: list[tuple[str, Score]] = [
        (model, found[model, "unprimed", "angle_deg"])
        for model in MODELS
        if (model, "unprimed", "angle_deg") in found
    ]
    names, scores = [name for name, _ in rows], [score for _, score in rows]
    png = plot_scores(scores, names=names, xlabel="angle to the true feature, °", width=FOREST_PX)
    return Figure(
        "angles",
        "True angles of the fused feature (dots), and the degrees that the paper prints (diamonds)",
        "A dot with its interval for each model and constant predictor; as in table4.csv",
        png,
        FOREST_PX,
        "tables/table4.csv",
    )
