"""Tables of two labels: one becomes rows, the other columns, as the papers print them."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line
from tasks.report.tables import Cell, Column, Format, Table

# What fills rows that nothing was trained for; short enough not to be broken.
WITH_VARIANTS = "make reproduce"
Scores = Mapping[tuple[str, str], Score]


def index_lines(lines: Iterable[Line], table: str) -> dict[tuple[str, ...], Score]:
    """Scores of a table by their labels."""
    return {line.labels: line.score for line in lines if line.table == table}


def pivot(
    name: str,
    title: str,
    scores: Scores,
    *,
    rows: Sequence[str],
    columns: Mapping[str, str],
    kind: Format,
    head: str = "model",
    with_paper: bool = True,
    bounded: Collection[str] = (),
    note: str = "",
) -> Table:
    """`columns` maps labels to titles. Intervals of those that are not `bounded` are in the CSV
    only."""
    cells = tuple(
        (
            row,
            *(cell for label in columns for cell in list_cells(scores.get((row, label)))),
            describe_row(row, scores, columns),
        )
        for row in rows
    )
    parts = [part for label, text in columns.items() for part in list_columns(label, text, kind)]
    hidden = {f"{label}_people" for label in columns}
    hidden |= {
        f"{label}_{end}" for label in columns if label not in bounded for end in ("low", "high")
    }
    if not any(row[-1] for row in cells):
        hidden.add("remark")
    if not with_paper:
        hidden |= {f"{label}_paper" for label in columns}
    all_columns = (Column(head), *parts, Column("remark"))
    return Table(name, title, all_columns, cells, note=note, hidden=frozenset(hidden))


def describe_counts(scores: Scores) -> str:
    """Of the score with most samples; the CSV has the people of each."""
    known = [score for score in scores.values() if score.num_people]
    if not known:
        return ""
    largest = max(known, key=lambda score: score.num_samples)
    return f"{largest.num_samples:,} samples of {largest.num_people:,} people."


def list_columns(label: str, title: str, kind: Format) -> tuple[Column, ...]:
    return (
        *(
            Column(label, kind, title),
            Column(f"{label}_low", kind, "from"),
            Column(f"{label}_high", kind, "to"),
        ),
        *(Column(f"{label}_paper", kind, "paper"), Column(f"{label}_people", "count")),
    )


def list_cells(score: Score | None) -> tuple[Cell, ...]:
    if score is None:
        return (None,) * 5
    return score.value, score.low, score.high, score.published, score.num_people


def describe_row(row: str, scores: Scores, columns: Mapping[str, str]) -> str:
    found = [scores[row, label] for label in columns if (row, label) in scores]
    if not found:
        return WITH_VARIANTS
    return next((score.reason for score in found if score.value is None), "")
