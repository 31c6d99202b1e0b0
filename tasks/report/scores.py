"""Tables of scores: ours with its interval beside the paper's, chance and the constant baseline."""

from collections.abc import Iterable, Sequence

from tasks.evaluation.groups import GroupScore
from tasks.evaluation.scores import Score
from tasks.report.tables import Cell, Column, Format, Table, hide_empty

Row = tuple[tuple[str, ...], Score]


def build_score_table(
    name: str,
    title: str,
    heads: Sequence[Column],
    rows: Iterable[Row],
    *,
    kind: Format = "share",
    note: str = "",
) -> Table:
    """One row a score, led by the cells under `heads`; what no row has is left to the CSV."""
    columns = (*heads, *score_columns(kind))
    cells = tuple((*labels, *list_cells(score)) for labels, score in rows)
    return hide_empty(Table(name, title, columns, cells, note=note))


def score_columns(kind: Format) -> tuple[Column, ...]:
    return (
        Column("ours", kind),
        Column("low", kind, "95 % from"),
        Column("high", kind, "to"),
        Column("paper", kind),
        Column("chance", kind),
        Column("constant", kind, "one answer for all"),
        Column("samples", "count"),
        Column("people", "count"),
        Column("missing", "count"),
        Column("remark"),
    )


def list_cells(score: Score) -> tuple[Cell, ...]:
    return (
        score.value,
        score.low,
        score.high,
        score.published,
        score.chance,
        score.constant,
        score.num_samples,
        score.num_people,
        score.num_missing,
        score.reason,
    )


def build_group_table(
    name: str, title: str, metrics: Sequence[tuple[str, Sequence[GroupScore]]]
) -> Table:
    """Several metrics by attribute and group, with a remark where a group is too small."""
    columns = (
        *(Column("metric"), Column("attribute"), Column("group")),
        *(Column("ours", "share"), Column("low", "share", "95 % from")),
        *(Column("high", "share", "to"), Column("chance", "share")),
        *(Column("constant", "share", "one answer for all"), Column("samples", "count")),
        *(Column("people", "count"), Column("missing", "count"), Column("remark")),
    )
    rows = tuple(
        (
            metric,
            item.attribute.replace("_", " "),
            item.group,
            *(item.score.value, item.score.low, item.score.high),
            *(item.score.chance, item.score.constant, item.score.num_samples),
            *(item.score.num_people, item.score.num_missing, item.warning or item.score.reason),
        )
        for metric, items in metrics
        for item in items
    )
    return Table(name, title, columns, rows, max_shown=80)
