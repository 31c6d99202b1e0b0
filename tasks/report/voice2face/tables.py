"""Tables of the report on Wen et al., from the lines of its evaluation."""

from collections.abc import Iterator, Sequence

from tasks.evaluation.store import Line, select_lines
from tasks.report.scores import build_score_table, list_cells, score_columns
from tasks.report.tables import Cell, Column, Format, Table

TEXT = {
    "table_3": (
        "Table 3: 1:2 matching, voice to face",
        ("system", "split", "the other face", "faces compared by"),
    ),
    "identity": ("Closed set: who is it?", ("faces", "among")),
    "gender": ("Gender of faces", ("faces",)),
    "realness": ("The discriminator’s score, 1 for a real face", ("of", "what")),
    "figure_2": ("Faces of noise", ("sound", "what")),
    "durations": ("1:2 matching over speech duration", ("speech",)),
    "segments": ("Distances between segments", ("of", "segments of")),
    "leaks": ("What can be told of people unseen", ("label", "from")),
}
NUMBERS = ("realness", "figure_2", "segments")
NOTES = {
    "segments": "Degrees between vectors; pixels: mean absolute difference in [0, 1].",
    "realness": "Mean and standard deviation over samples.",
}


def build_tables(lines: Sequence[Line]) -> dict[str, Table]:
    tables = {name: build_table(name, lines) for name in TEXT}
    return tables | {"table_1": build_table_1(lines), "groups": build_groups(lines)}


def build_table(name: str, lines: Sequence[Line]) -> Table:
    title, heads = TEXT[name]
    kind: Format = "number" if name in NUMBERS else "share"
    rows = [(line.labels, line.score) for line in select_lines(lines, name)]
    columns = tuple(Column(head) for head in heads)
    return build_score_table(name, title, columns, rows, kind=kind, note=NOTES.get(name, ""))


def build_table_1(lines: Sequence[Line]) -> Table:
    """The paper's layout: what is counted by split, each beside the printed count."""
    scores = {line.labels: line.score for line in select_lines(lines, "table_1")}
    counted = list(dict.fromkeys(labels[0] for labels in scores))
    splits = list(dict.fromkeys(labels[1] for labels in scores))
    columns = [Column("what")]
    for split in splits:
        columns += [Column(split, "count"), Column(f"{split}_paper", "count", "paper")]

    def list_row(what: str) -> Iterator[Cell]:
        yield what
        for split in splits:
            score = scores[what, split]
            yield None if score.value is None else round(score.value)
            yield None if score.published is None else round(score.published)

    rows = tuple(tuple(list_row(what)) for what in counted)
    return Table("table_1", "Table 1: the data set", tuple(columns), rows)


def build_groups(lines: Sequence[Line]) -> Table:
    heads = (Column("metric"), Column("attribute"), Column("group"))
    hidden = frozenset({"paper", "missing"})
    rows = tuple(
        (*line.labels[:3], *list_cells(line.score)[:-1], line.labels[3] or line.score.reason)
        for line in select_lines(lines, "groups")
    )
    columns = (*heads, *score_columns("share"))
    return Table("groups", "By group of speakers", columns, rows, max_shown=80, hidden=hidden)
