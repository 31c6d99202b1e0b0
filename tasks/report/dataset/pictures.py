"""The data set's figures that are drawn from its tables."""

from collections import Counter
from pathlib import Path

from tasks.lists.labels import SPLITS
from tasks.params import Params
from tasks.report.dataset.faces import FACE_PX, GAP_PX, NUM_COLUMNS, draw_sheet, read_faces
from tasks.report.dataset.reasons import KINDS
from tasks.report.figures import Figure, plot_bars, plot_stacked_bars
from tasks.report.tables import UNKNOWN, Cell, Table

WIDTH_PX = 420
MAX_BARS = 10


def draw_attrition(funnel: Table, reasons: Table) -> list[Figure]:
    """What is left after each stage, and, if anything was lost, the reasons."""
    left = {str(row[0]): _count(row[3]) for row in funnel.rows}
    png = plot_bars(left, width=WIDTH_PX)
    alt = f"Bars, one a stage: {_list(left)}"
    figures = [Figure("funnel", "How many clips are left", alt, png, WIDTH_PX, funnel.path)]
    lost = _name_reasons(reasons)
    if lost:
        kinds = [str(row[3]) for row in reasons.rows]
        png = plot_bars(lost, kinds=kinds, legend=KINDS, width=WIDTH_PX)
        alt = f"Bars, one a reason: {_list(lost)}"
        figures.append(
            Figure("reasons", "Why the others are not", alt, png, WIDTH_PX, reasons.path)
        )
    return figures


def _name_reasons(reasons: Table) -> dict[str, int]:
    """Counts by reason, with the stage where two stages give the same one."""
    names = Counter(row[0] for row in reasons.rows)
    return {
        str(row[0] if names[row[0]] == 1 else f"{row[0]} ({row[1]})"): _count(row[4])
        for row in reasons.rows
    }


def _list(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def draw_demographics(tables: list[Table]) -> list[Figure]:
    """Clips by value and split, the rarer values taken together."""
    figures = []
    for table in tables:
        counts = {str(row[0]): [_count(cell) for cell in row[1:4]] for row in table.rows}
        png = plot_stacked_bars(_merge_rare(counts), legend=SPLITS, width=WIDTH_PX)
        alt = f"Bars, one a value, split into {', '.join(SPLITS)}; numbers in {table.path}"
        figures.append(Figure(table.name, table.title, alt, png, WIDTH_PX, table.path))
    return figures


def _merge_rare(counts: dict[str, list[int]]) -> dict[str, list[int]]:
    known = {name: parts for name, parts in counts.items() if name != UNKNOWN}
    if len(known) <= MAX_BARS + 1:
        return counts
    names = list(known)
    merged = {name: known[name] for name in names[:MAX_BARS]}
    rare = [known[name] for name in names[MAX_BARS:]]
    merged[f"{len(rare)} others"] = [sum(parts) for parts in zip(*rare, strict=True)]
    return merged | {name: counts[name] for name in (UNKNOWN,) if name in counts}


def draw_faces(data: Path, params: Params) -> list[Figure]:
    """A contact sheet of the embedded corpus; none of real people, whose faces are their own."""
    faces = read_faces(data) if params.corpus.source == "sample" else []
    if not faces:
        return []
    width = NUM_COLUMNS * (FACE_PX + GAP_PX) - GAP_PX
    title = "Faces as they are stored, one each of the first persons"
    alt = f"{len(faces)} drawn faces in rows of {NUM_COLUMNS}"
    return [Figure("faces", title, alt, draw_sheet(faces), width // 2 + 100, "tables/splits.csv")]


def _count(cell: Cell) -> int:
    assert isinstance(cell, int)
    return cell
