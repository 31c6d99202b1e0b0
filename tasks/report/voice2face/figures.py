"""Figures of the report on Wen et al."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line, select_lines
from tasks.evaluation.voice2face.galleries import Gallery
from tasks.report.figures import Figure
from tasks.report.forest import plot_scores
from tasks.report.networks.curves import Curve, draw_curves, draw_losses
from tasks.report.networks.gallery import Row, draw_gallery
from tasks.report.render import Logs

WIDTH_PX = 620
TITLES = {
    "noise_faces": ("Figure 2: faces of noise", "figure_2"),
    "duration_faces": ("Figure 3: faces over speech duration", "durations"),
    "example_faces": ("Figure 4: faces of voices", "gender"),
    "segment_faces": ("Figure 5: one speaker, several segments", "segments"),
}
LOSSES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "gan": {
        "Discriminator and generator": (
            "discriminator_real",
            "discriminator_fake",
            "generator_real",
        ),
        "Identity": ("classifier_real", "generator_identity"),
    },
    "voice_embedding": {"Identity of the speaker": ("identity",), "Accuracy": ("accuracy",)},
}
CELL_PX = 72


def draw_galleries(galleries: Mapping[str, Gallery]) -> dict[str, Figure]:
    figures = {}
    for name, gallery in galleries.items():
        title, table = TITLES[name]
        rows = [
            Row(label, list(pictures))
            for label, pictures in zip(gallery.rows, gallery.pictures, strict=True)
        ]
        figures[name] = draw_gallery(
            name, title, rows, table=table, columns=gallery.columns, cell=CELL_PX
        )
    return figures


def draw_matching(lines: Sequence[Line]) -> Figure:
    """Table 3 as a picture: ours with intervals, the paper's numbers, chance."""
    rows = [line for line in select_lines(lines, "table_3") if has_number(line.score)]
    names = [_name_row(line) for line in rows]
    scores = [line.score for line in rows]
    png = plot_scores(
        scores,
        names=names,
        xlabel="share of trials won; dotted: chance",
        width=WIDTH_PX,
        level=0.5,
    )
    return Figure(
        "matching",
        "1:2 matching: ours and the paper’s",
        "Each system’s share of trials won with its interval, beside the printed one; numbers in "
        "table_3.csv",
        png,
        WIDTH_PX,
        "tables/table_3.csv",
    )


def has_number(score: Score) -> bool:
    return score.value is not None or score.published is not None


def _name_row(line: Line) -> str:
    system, split, others, by = line.labels
    short = "one gender" if "gender" in others else "all"
    return f"{system}{f', {by}' if by != '–' else ''}: {split}, {short}"


def draw_durations(lines: Sequence[Line]) -> Figure | None:
    """None where nobody was heard."""
    rows = [line for line in select_lines(lines, "durations") if line.score.value is not None]
    if not rows:
        return None
    bounded = all(line.score.low is not None for line in rows)
    curve = Curve(
        "first seconds of speech",
        [float(line.labels[0].split()[0]) for line in rows],
        [float(line.score.value or 0) for line in rows],
        [float(line.score.low or 0) for line in rows] if bounded else (),
        [float(line.score.high or 0) for line in rows] if bounded else (),
    )
    return draw_curves(
        "durations",
        "1:2 matching over speech duration",
        [curve],
        xlabel="seconds of speech",
        ylabel="share of trials won",
        table="durations",
        level=(0.5, "chance"),
    )


def draw_training(weights: Mapping[str, Path]) -> tuple[tuple[Figure, ...], Logs]:
    """Losses of both runs."""
    drawn = [draw_losses(weights[name], groups) for name, groups in LOSSES.items()]
    figures = tuple(figure for found, _ in drawn for figure in found)
    return figures, {name: log for _, logs in drawn for name, log in logs.items()}
