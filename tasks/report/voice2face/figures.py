"""Figures of the report on Wen et al."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line, select_lines
from tasks.evaluation.voice2face.matching import STRATA
from tasks.report.figures import Figure
from tasks.report.forest import plot_scores
from tasks.report.networks.curves import Curve, draw_curves, draw_losses
from tasks.report.render import Logs

HALF_PX = 420
NAMES = ("matching", "matching_gender")
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


def draw_matching(lines: Sequence[Line]) -> tuple[Figure, ...]:
    """Table 3's test columns, one figure a stratum: ours with intervals, the paper's, chance."""
    pairs = zip(NAMES, STRATA.values(), strict=True)
    return tuple(_draw_stratum(name, others, lines) for name, others in pairs)


def _draw_stratum(name: str, others: str, lines: Sequence[Line]) -> Figure:
    rows = [
        line
        for line in select_lines(lines, "table_3")
        if line.labels[1:3] == ("test", others) and has_number(line.score)
    ]
    names = [name_row(line) for line in rows]
    png = plot_scores(
        [line.score for line in rows],
        names=names,
        xlabel="share of trials won; dotted: chance",
        width=HALF_PX,
        level=0.5,
    )
    alt = "Share of trials won with intervals, and the printed ones; numbers in matching.csv"
    title = f"Test people, the other face: {others}"
    return Figure(name, title, alt, png, HALF_PX, "tables/matching.csv")


def name_row(line: Line) -> str:
    system, _, _, by = line.labels
    return system if by == "–" else f"{system}, {by}"


def has_number(score: Score) -> bool:
    return score.value is not None or score.published is not None


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
