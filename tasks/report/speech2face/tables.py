"""The tables of Speech2Face's report."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from tasks.evaluation.retrieval import RANKS, Reading
from tasks.evaluation.scores import Score
from tasks.evaluation.speech2face.attributes import (
    AGREEMENT,
    RIGHT,
    Counted,
    CountedConfusion,
)
from tasks.evaluation.speech2face.distances import MEASURES, SPREADS, TABLE2, TABLE3
from tasks.evaluation.speech2face.facts import Facts
from tasks.evaluation.speech2face.shape import Shapes
from tasks.evaluation.store import Line, select_lines
from tasks.report.scores import build_score_table, list_cells, score_columns
from tasks.report.speech2face import texts
from tasks.report.tables import Cell, Column, Format, Table, hide_empty

PICTURES = {"original": "own", "from_face": "from face", "from_voice": "from voice"}


def name_gallery(reading: str, facts: Facts) -> str:
    words = {
        "of_100": "among random others",
        "percent": f"first K % of {facts.num_measured:,}",
        "absolute": f"first K of {facts.num_measured:,}",
    }
    return words[reading]


def index_lines(lines: Iterable[Line], table: str) -> dict[tuple[str, ...], Score]:
    return {line.labels: line.score for line in lines if line.table == table}


def build_table2(lines: Sequence[Line]) -> Table:
    means, spreads = index_lines(lines, TABLE2), index_lines(lines, SPREADS)
    columns = (
        *(Column("voice"), Column("measure"), Column("ours", "number")),
        *(Column("std", "number", "±"), Column("low", "number", "95 % from")),
        *(Column("high", "number", "to"), Column("paper", "number")),
        *(Column("paper_std", "number", "±"), Column("constant", "number", "one answer for all")),
        *(Column("chance", "number", "other people’s faces"), Column("samples", "count")),
        *(Column("people", "count"), Column("remark")),
    )
    rows = tuple(
        (
            *(length, texts.MEASURES[measure], score.value, spreads[length, measure].value),
            *(score.low, score.high, score.published, spreads[length, measure].published),
            *(score.constant, score.chance, score.num_samples, score.num_people, score.reason),
        )
        for (length, measure), score in means.items()
        if measure in MEASURES
    )
    title = "Table 2: distance of the voice’s feature to the true face’s"
    return hide_empty(Table("table2", title, columns, rows))


def build_table3(lines: Sequence[Line], reading: Reading, *, title: str) -> Table:
    """As the paper prints it: a row a voice and distance, chance and the constant below."""
    scores = index_lines(lines, TABLE3)
    names = dict.fromkeys((length, distance) for length, distance, *_ in scores)
    columns = [Column("voice"), Column("distance")]
    for rank in RANKS:
        columns += [Column(f"R@{rank}", "share"), Column(f"R@{rank}_paper", "share", "paper")]
    rows: list[tuple[Cell, ...]] = []
    for length, distance in names:
        found = [scores[length, distance, reading, f"R@{rank}"] for rank in RANKS]
        cells = [cell for score in found for cell in (score.value, score.published)]
        rows.append((length, texts.DISTANCES[distance], *cells))
    whole, distance = [*names][-1]
    found = [scores[whole, distance, reading, f"R@{rank}"] for rank in RANKS]
    constants = [cell for score in found for cell in (score.constant, None)]
    random = [(score.chance, rank / 100) for score, rank in zip(found, RANKS, strict=True)]
    rows.append(("any", f"one answer for all, {texts.DISTANCES[distance]}", *constants))
    rows.append(("none", "random order", *(cell for pair in random for cell in pair)))
    return Table(f"table3_{reading}", title, tuple(columns), tuple(rows))


def list_retrieval(
    lines: Sequence[Line], facts: Facts
) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """Every recall with its interval, as a CSV."""
    heads = ("voice", "distance", "gallery", "recall")
    names = tuple(column.name for column in score_columns("share"))
    rows = [
        (length, distance, name_gallery(reading, facts), recall, *list_cells(line.score))
        for line in select_lines(lines, TABLE3)
        for length, distance, reading, recall in [line.labels]
    ]
    return (*heads, *names), rows


def build_matching(lines: Sequence[Line]) -> Table:
    return _build("matching", "1:2 matching: whose face is it?", lines, ("probe", "other person"))


def _build(
    table: str,
    title: str,
    lines: Sequence[Line],
    heads: Sequence[str],
    *,
    kind: Format = "share",
    note: str = "",
    words: Mapping[str, str] | None = None,
) -> Table:
    rows = [
        (tuple((words or {}).get(label, label) for label in line.labels), line.score)
        for line in select_lines(lines, table)
    ]
    columns = [Column(head) for head in heads]
    return build_score_table(table, title, columns, rows, kind=kind, note=note)


def build_agreement(lines: Sequence[Line]) -> Table:
    heads = ("attribute", "classifier", "picture")
    title = "Same answer as on the person’s own picture"
    return _build(AGREEMENT, title, lines, heads, words=PICTURES)


def build_right(lines: Sequence[Line]) -> Table:
    """Shares, and years for ages, in one format."""
    title = "Right by the data set’s labels"
    note = "Ages are mean errors in years, all else shares from 0 to 1."
    heads = ("attribute", "classifier", "picture")
    words = PICTURES
    return _build(RIGHT, title, lines, heads, kind="number", note=note, words=words)


def list_counted(counted: Counted) -> Iterator[tuple[str, tuple[str, ...], list[tuple[Cell, ...]]]]:
    """Name, header and rows of the CSVs behind Fig. 4's figures, for all classifiers."""
    for item in counted.confusions:
        table = item.confusion
        rows: list[tuple[Cell, ...]] = [
            (name, *row) for name, row in zip(table.labels, table.counts, strict=True)
        ]
        yield name_confusion(item), ("own_picture", *table.labels), rows
    histogram: list[tuple[Cell, ...]] = [
        (attribute, label, count)
        for attribute, counts in counted.histogram.items()
        for label, count in counts.items()
    ]
    yield "histogram", ("attribute", "label", "count"), histogram


def name_confusion(item: CountedConfusion) -> str:
    return f"confusion_{item.attribute}_{item.classifier.replace(' ', '_')}_{item.role}"


def build_choices(shapes: Sequence[Shapes]) -> Table:
    """r under the choices that the paper does not print."""
    measures = shapes[0].measures
    rows = tuple(
        (
            name.replace("_", " "),
            found.score.published,
            *(item.measures[name].score.value for item in shapes),
        )
        for name, found in measures.items()
    )
    columns = (
        *(Column("measure"), Column("paper", "number")),
        *(
            Column(f"{item.alignment}_{place}", "number", f"{item.alignment}, {item.jaw}")
            for place, item in enumerate(shapes)
        ),
    )
    title = "r by alignment and by points of jaw and cheeks"
    return Table("craniofacial_choices", title, columns, rows)


def build_segments(lines: Sequence[Line]) -> Table:
    heads = ("clips", "feature_of")
    title = "Fig. 10: angle between features of two clips, degrees"
    return _build("segments", title, lines, heads, kind="number")


def build_ablations(lines: Sequence[Line]) -> Table:
    note = (
        "Angles in degrees, matching and spread as shares. Spread: how far answers differ, as a "
        "share of how far true features do; 0 is one face for everybody."
    )
    title = "The network trained in other ways"
    return _build("ablations", title, lines, ("network", "measure"), kind="number", note=note)


def build_groups(lines: Sequence[Line]) -> Table:
    heads = ("metric", "attribute", "group")
    title = "Headline and guarded metrics by group"
    table = _build("groups", title, lines, heads, kind="number", words=texts.METRICS)
    return replace(table, max_shown=80)


def build_leaks(lines: Sequence[Line]) -> Table:
    title = "Ethnicity and gender, heard from the voice alone"
    return _build("leaks", title, lines, ("attribute", "read by"))


def build_missing(facts: Facts) -> Table:
    columns = (Column("pictures"), Column("count", "count"), Column("no_face", "count"))
    rows = tuple(
        (PICTURES[role], facts.num_drawn, count, count / facts.num_drawn)
        for role, count in facts.no_face.items()
        if role != "original"
    )
    title = "Made pictures in which no face was found"
    return Table("missing", title, (*columns, Column("share", "share")), rows)
