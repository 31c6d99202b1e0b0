"""The figures of Speech2Face's report, from what an evaluation left."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.evaluation.correlation import Correlation
from tasks.evaluation.picture_table import Role
from tasks.evaluation.speech2face.attributes import Counted, CountedConfusion
from tasks.evaluation.speech2face.names import DEFAULT
from tasks.report.figures import Figure, plot_bars
from tasks.report.forest import plot_scores
from tasks.report.matrices import plot_confusion
from tasks.report.networks.curves import Curve, draw_curves
from tasks.report.scatter import plot_groups
from tasks.report.speech2face.tables import name_confusion

FOREST_PX, MAP_PX, BARS_PX, CURVES_PX, CELL_PX = 620, 330, 300, 420, 104
GALLERIES = {
    "triplets": (
        "Fig. 3 and 6: the person, the face decoded from their face, and from their voice",
        "pictures",
    ),
    "nearest": ("Fig. 7: the faces whose features are nearest to the voice’s", "pictures"),
    "segments": (
        "Fig. 10: parts of one clip, and other videos of the same person",
        "pictures",
    ),
    "variants": ("Fig. 8: voices through networks trained in other ways", "pictures"),
}
MADE_WORDS: Mapping[Role, str] = {
    "from_voice": "made from the voice",
    "from_face": "made from the face (control)",
}
MAP_LABELS = ("gender", "age", "ethnicity")
# What validation calls it, and what the report does.
VALIDATED = {"val_angle_deg": "validation angle, degrees", "val_spread": "validation spread"}


def draw_confusions(counted: Counted, classifier: str) -> dict[str, tuple[Figure, ...]]:
    """Fig. 4a by attribute: from the voice, and the control."""
    found: dict[str, list[Figure]] = {}
    for item in counted.confusions:
        if item.classifier == classifier:
            found.setdefault(item.attribute, []).append(_draw_confusion(item))
    return {attribute: tuple(figures) for attribute, figures in found.items()}


def _draw_confusion(item: CountedConfusion) -> Figure:
    name = name_confusion(item)
    words = MADE_WORDS[item.role]
    png, width = plot_confusion(item.confusion, xlabel=words, ylabel="own picture")
    alt = f"Confusion of {item.attribute}, own picture against {words}; numbers in {name}.csv"
    return Figure(name, f"{item.attribute}, {words}, %", alt, png, width, f"tables/{name}.csv")


def draw_histogram(counted: Counted) -> tuple[Figure, ...]:
    """Fig. 4b."""
    return tuple(
        Figure(
            f"histogram_{attribute}",
            f"{attribute} of the training people’s pictures",
            f"Counts by {attribute}, as in histogram.csv",
            plot_bars({**counts}, width=BARS_PX),
            BARS_PX,
            "tables/histogram.csv",
        )
        for attribute, counts in counted.histogram.items()
    )


def draw_shapes(measures: Mapping[str, Correlation]) -> Figure:
    names = [name.replace("_", " ") for name in measures]
    scores = [item.score for item in measures.values()]
    return Figure(
        "craniofacial",
        "Fig. 5c: correlation of face shape, from the face against from the voice",
        "Twelve correlations with their intervals, and the published ones; as in craniofacial.csv",
        plot_scores(scores, names=names, xlabel="Pearson’s r", width=FOREST_PX),
        FOREST_PX,
        "tables/craniofacial.csv",
    )


def read_map(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def draw_map(rows: Sequence[Mapping[str, str]]) -> tuple[Figure, ...]:
    """One a label that anybody has."""
    points = [(float(row["x"]), float(row["y"])) for row in rows]
    return tuple(
        Figure(
            f"map_{label}",
            f"t-SNE of the voices’ features, by {label}",
            f"Voices as points, marked by {label}; places in map.csv",
            plot_groups(points, [row[label] or None for row in rows], width=MAP_PX),
            MAP_PX,
            "tables/map.csv",
        )
        for label in MAP_LABELS
        if any(row[label] for row in rows)
    )


def draw_training(curves: Sequence[Mapping[str, str]]) -> tuple[Figure, ...]:
    """Losses and gradient norms of the default network, and validation of all networks."""
    figures = []
    for log, title in (("log", "training loss"), ("gradients", "gradient norm")):
        own = [row for row in curves if row["network"] == DEFAULT and row["log"] == log]
        found = [_pick(own, name, name) for name in dict.fromkeys(row["quantity"] for row in own)]
        if found:
            figures.append(_draw(f"training_{log}", title, found, is_log=True))
    for quantity, title in VALIDATED.items():
        rows = [row for row in curves if row["quantity"] == quantity]
        found = [
            _pick([row for row in rows if row["network"] == name], quantity, name)
            for name in dict.fromkeys(row["network"] for row in rows)
        ]
        if found:
            figures.append(_draw(f"validation_{quantity}", title, found))
    return tuple(figures)


def draw_ablations(curves: Sequence[Mapping[str, str]]) -> tuple[Figure, ...]:
    """Fig. 9: the training loss of every network."""
    rows = [row for row in curves if row["log"] == "log" and row["quantity"] == "loss"]
    names = dict.fromkeys(row["network"] for row in rows)
    if len(names) < 2:
        return ()
    found = [_pick([row for row in rows if row["network"] == n], "loss", n) for n in names]
    return (_draw("ablation_losses", "training loss", found, is_log=True),)


def _pick(rows: Sequence[Mapping[str, str]], quantity: str, label: str) -> Curve:
    own = [row for row in rows if row["quantity"] == quantity]
    steps, values = ([float(row[name]) for row in own] for name in ("step", "value"))
    return Curve(label.replace("_", " "), steps, values)


def _draw(name: str, title: str, curves: Sequence[Curve], *, is_log: bool = False) -> Figure:
    return draw_curves(
        name,
        title,
        curves,
        xlabel="step",
        ylabel=title,
        table="curves",
        is_log=is_log,
        width=CURVES_PX,
    )
