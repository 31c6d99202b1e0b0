"""Tables of the report on Wen et al., from the lines of its evaluation."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tasks.evaluation.store import Line, select_lines
from tasks.evaluation.voice2face.matching import STRATA
from tasks.report.scores import build_score_table, list_cells, score_columns
from tasks.report.tables import Cell, Column, Format, Table, hide_empty

TEXT = {
    "table_3": (
        "Table 3 in full: intervals, chance, counts",
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
    "table_3": "The oracle’s “paper” is computed from the paper’s counts of genders, not printed; "
    "SVHF and DIMNet are trained for the report on matching.",
    "segments": "Degrees between vectors; pixels: mean absolute difference in [0, 1].",
    "realness": "Mean and standard deviation over samples; each noise counts as a person.",
}


def build_tables(lines: Sequence[Line]) -> dict[str, Table]:
    tables = {name: build_table(name, lines) for name in TEXT}
    return tables | {
        "matching": replace(tables["table_3"], name="matching"),
        "table_3": build_table_3(lines),
        "table_1": build_table_1(lines),
        "groups": build_groups(lines),
    }


def build_table(name: str, lines: Sequence[Line]) -> Table:
    title, heads = TEXT[name]
    kind: Format = "number" if name in NUMBERS else "share"
    rows = [(line.labels, line.score) for line in select_lines(lines, name)]
    columns = tuple(Column(head) for head in heads)
    table = build_score_table(name, title, columns, rows, kind=kind, note=NOTES.get(name, ""))
    return replace(table, hidden=table.hidden | {"people"}) if name == "figure_2" else table


def build_table_3(lines: Sequence[Line]) -> Table:
    """The paper's layout: a row a system, train and test, unstratified and by gender."""
    scores = {line.labels: line.score for line in select_lines(lines, "table_3")}
    places = [(others, split) for others in STRATA.values() for split in ("train", "test")]
    columns = [Column("system"), Column("by", title="faces compared by")]
    for others, split in places:
        name = f"{others} {split}".replace(" ", "_")
        columns += [Column(name, "share", f"{others}, {split}"), Column(f"{name}_paper", "share")]
    columns = [replace(c, title="paper") if c.name.endswith("_paper") else c for c in columns]

    def list_row(system: str, by: str) -> Iterator[Cell]:
        yield from (system, by)
        for others, split in places:
            score = scores.get((system, split, others, by))
            yield score.value if score else None
            yield score.published if score else None

    systems = dict.fromkeys((labels[0], labels[3]) for labels in scores)
    rows = tuple(tuple(list_row(*system)) for system in systems)
    title, note = "Table 3: 1:2 matching, voice to face", NOTES["table_3"]
    return Table("table_3", title, tuple(columns), rows, note=note)


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
    rows = tuple(
        (*line.labels[:3], *list_cells(line.score)[:-1], line.labels[3] or line.score.reason)
        for line in select_lines(lines, "groups")
    )
    columns = (*heads, *score_columns("share"))
    return hide_empty(Table("groups", "By group of speakers", columns, rows, max_shown=80))
