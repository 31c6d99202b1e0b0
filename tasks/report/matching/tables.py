"""Tables of the report on matching."""

from collections.abc import Sequence

from tasks.evaluation.matching_table.comparison import MIXED_PUBLISHED
from tasks.evaluation.matching_table.measure import ORACLE_NAME
from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line, select_lines
from tasks.report.matching.found import ALL, OF_GENDER, Found
from tasks.report.matching.words import compute_gender_accuracy
from tasks.report.scores import build_score_table
from tasks.report.tables import Cell, Column, Table, format_share, hide_empty

HEADS = {
    "strata": ("system", "direction", "people", "faces_or_voices"),
    "galleries": ("system", "direction", "candidates"),
    "verification": ("system", "pairs", "metric"),
    "retrieval": ("system", "direction", "gallery"),
    "table_3_all": ("system", "direction", "people", "faces"),
}


def build_table_3(found: Found) -> Table:
    """As it is printed: systems by strata, with the paper's number beside ours."""
    columns = [Column("system"), Column("people")]
    for name, words in (("all", "all"), ("gender", "same gender")):
        columns += [
            Column(f"{name}_paper", "share", f"{words}: paper"),
            Column(f"{name}_ours", "share", "ours"),
            Column(f"{name}_low", "share", "95 % from"),
            Column(f"{name}_high", "share", "to"),
        ]
    columns += [Column("trials", "count"), Column("speakers", "count"), Column("remark")]
    rows = [
        _make_row(found, system, split)
        for split in found.splits
        for system in (*found.systems, ORACLE_NAME)
    ]
    note = "Chance is 50 % in every cell; intervals are over people, not over trials."
    title = "Table 3: whose of two faces is it?"
    return hide_empty(Table("table_3", title, tuple(columns), tuple(rows), note))


def _make_row(found: Found, system: str, split: str) -> tuple[Cell, ...]:
    scores = [found.get(system, split=split, stratum=stratum) for stratum in (ALL, OF_GENDER)]
    cells: list[Cell] = [system, split]
    for score in scores:
        cells += [score.published, score.value, score.low, score.high]
    remark = next((score.reason for score in scores if score.reason), "")
    return (*cells, scores[0].num_samples, scores[0].num_people, remark)


def build_overview(
    lines: Sequence[Line], source: str, title: str, *, heads: Sequence[str], note: str = ""
) -> Table:
    """Accuracy with its interval as text, one column a value of the last label.

    `heads` name the labels before it; the numbers themselves are in `source`.csv.
    """
    chosen = select_lines(lines, source)
    values = list(dict.fromkeys(line.labels[-1] for line in chosen))
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for line in chosen:
        rows.setdefault(line.labels[:-1], {})[line.labels[-1]] = describe_share(line.score)
    columns = tuple(Column(name) for name in (*heads, *values))
    cells = tuple((*key, *(row.get(value, "") for value in values)) for key, row in rows.items())
    return Table(f"{source}_overview", title, columns, cells, note, max_shown=80)


def describe_share(score: Score) -> str:
    if score.value is None:
        return score.reason
    if score.low is None or score.high is None:
        return format_share(score.value)
    return f"{format_share(score.value)} ({100 * score.low:.0f}–{100 * score.high:.0f})"


def build_lines_table(
    lines: Sequence[Line], name: str, title: str, *, source: str = "", note: str = ""
) -> Table:
    """One row a line."""
    chosen = select_lines(lines, source or name)
    heads = [Column(head) for head in HEADS[name]]
    rows = [(line.labels, line.score) for line in chosen]
    return hide_empty(build_score_table(name, title, heads, rows, note=note))


def build_differences(found: Found) -> Table:
    """In points of accuracy, so that a sign shows."""
    columns = (
        *(Column("one"), Column("other"), Column("faces")),
        *(Column("points", "number"), Column("low", "number", "95 % from")),
        *(Column("high", "number", "to"), Column("told_apart")),
        *(Column("trials", "count"), Column("people", "count")),
    )
    rows = list[tuple[Cell, ...]]()
    for (one, two, stratum), score in found.differences.items():
        difference = found.compare(one, two, stratum=stratum)
        sure = "–" if difference is None else "yes" if difference.is_sure else "no"
        points = [None if v is None else 100 * v for v in (score.value, score.low, score.high)]
        rows.append((one, two, stratum, *points, sure, score.num_samples, score.num_people))
    title = "Every two systems on the same trials: accuracy of one less that of the other"
    return Table("differences", title, columns, tuple(rows), max_shown=60)


def build_gender_accuracy(found: Found, mixed: Score) -> Table:
    """What both strata together say of telling genders apart (SPEC 5.2)."""
    columns = (
        *(Column("system"), Column("paper", "share"), Column("ours", "share"), Column("remark")),
    )
    rows = list[tuple[Cell, ...]]()
    for system in (*found.systems, ORACLE_NAME):
        scores = [found.get(system, stratum=stratum) for stratum in (ALL, OF_GENDER)]
        paper = _imply([score.published for score in scores], MIXED_PUBLISHED)
        ours = _imply([score.value for score in scores], mixed.value)
        odd = ours is not None and not 0 <= ours <= 1
        remark = "outside 0 to 100 %: the two numbers scatter" if odd else ""
        rows.append((system, paper, ours, remark))
    share = "unknown" if mixed.value is None else f"{100 * mixed.value:.1f} %"
    note = (
        "U = P·x + (1−P)·G, solved for x, the accuracy where the two faces differ in gender; "
        f"P, the share of such trials, is {share} here and was 47.2 % for the paper’s people."
    )
    title = "Accuracy between two genders that both strata imply"
    return hide_empty(Table("gender_accuracy", title, columns, tuple(rows), note))


def _imply(values: Sequence[float | None], mixed: float | None) -> float | None:
    unstratified, stratified = values
    if unstratified is None or stratified is None or not mixed:
        return None
    return compute_gender_accuracy(unstratified, stratified, mixed=mixed)


def build_clips(lines: Sequence[Line]) -> Table:
    columns = (
        *(Column("what"), Column("people"), Column("used", "count")),
        Column("left_out", "count"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (*line.labels, int(line.score.value or 0), line.score.num_missing)
        for line in select_lines(lines, "clips")
    )
    note = "Left out: known to some systems only, so no trial may use them."
    return Table("clips", "Voices and faces that the trials are made of", columns, rows, note)
