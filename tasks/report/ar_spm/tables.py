"""The tables of AR-SPM's report, from an evaluation's lines."""

from collections.abc import Sequence

from tasks.evaluation.ar_spm.names import CONSTANT, CONSTANT_BY_GENDER, ORIGINAL
from tasks.evaluation.ar_spm.published import AGES, DISTANCES, GENDERS, PRIORS, SPACES
from tasks.evaluation.features import unscale_degrees
from tasks.evaluation.retrieval import RANKS
from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line, select_lines
from tasks.report.ar_spm.pivot import Scores, index_lines, pivot
from tasks.report.scores import Row, build_score_table
from tasks.report.tables import Cell, Column, Table, format_share

MODELS = (*DISTANCES, CONSTANT, CONSTANT_BY_GENDER)
MEASURE_TITLES = {
    "l1": "L1",
    "l2": "L2",
    "angle_deg": "angle, true°",
    "rescaled_deg": "rescaled°",
}


def build_table1(lines: Sequence[Line]) -> tuple[Table, Table]:
    """The distances, and the same divided by what 1/√n alone would make of them."""
    found = index_lines(lines, "table1")
    steps = list(dict.fromkeys(step for _, step, _ in found))
    columns = {prior: prior for prior in PRIORS}
    texts = {
        "l1": ("table1", "Table 1: L1 between the means of n and of more faces"),
        "l1_scaled": ("table1_scaled", "Table 1 divided by √(1/n − 1/n′)"),
    }
    tables = []
    for kind, (name, title) in texts.items():
        scores = {
            (step, prior): found[prior, step, measure]
            for prior, step, measure in found
            if measure == kind
        }
        tables.append(
            pivot(
                name,
                title,
                scores,
                rows=steps,
                columns=columns,
                kind="number",
                head="faces",
                bounded=PRIORS,
            )
        )
    return tables[0], tables[1]


def build_table4(lines: Sequence[Line]) -> Table:
    """Ours: the fused feature, then (primed) the feature of its picture, against the true one."""
    found = index_lines(lines, "table4")
    scores: Scores = {
        (model, f"{space}_{measure}"): score for (model, space, measure), score in found.items()
    }
    columns = {
        f"{space}_{measure}": f"{title}{'′' if space == 'primed' else ''}"
        for space in SPACES
        for measure, title in MEASURE_TITLES.items()
    }
    title = "Table 4, ours: distance to the true face feature"
    note = (
        f"{describe_counts(scores)}Without a prime: the fused feature. With one: the feature of "
        "the picture made of it. All intervals are in the CSV."
    )
    return pivot(
        "table4",
        title,
        scores,
        rows=MODELS,
        columns=columns,
        kind="number",
        with_paper=False,
        bounded=[f"{space}_angle_deg" for space in SPACES],
        note=note,
    )


def build_table4_paper() -> Table:
    """As printed, with the angle behind each if the printed one is rescaled."""
    heads = [
        Column(f"{space}_{name}", "number", f"{title}{'′' if space == 'primed' else ''}")
        for space in SPACES
        for name, title in (
            ("l1", "L1"),
            ("l2", "L2"),
            ("cos_deg", "cos°, printed"),
            ("unscaled_deg", "true°, if rescaled"),
        )
    ]
    rows: list[tuple[Cell, ...]] = []
    for model, spaces in DISTANCES.items():
        cells: list[Cell] = []
        for space in SPACES:
            printed = spaces.get(space)
            cells += (*printed, unscale_degrees(printed[2])) if printed else (None,) * 4
        rows.append((model, *cells))
    note = "L1 and L2 are of VGG-Face’s 4,096 numbers: another scale than ours."
    return Table(
        "table4_paper",
        "Table 4, the paper’s",
        (Column("model"), *heads),
        tuple(rows),
        note=note,
    )


def build_attribute_tables(lines: Sequence[Line]) -> tuple[Table, Table]:
    """Tables 5 and 6, with the person's own picture as control and constant predictors."""
    tables = []
    for name, title, classes in (
        ("table5", "Table 5: gender of the pictures, right", GENDERS),
        ("table6", "Table 6: age group of the pictures, right", AGES),
    ):
        found = index_lines(lines, name)
        scores: dict[tuple[str, str], Score] = {
            (model, label): score for (model, label), score in found.items()
        }
        table = pivot(
            name,
            title,
            scores,
            rows=(ORIGINAL, *MODELS),
            columns={label: label for label in classes},
            kind="share",
            bounded=("total",),
            note=describe_frequent(scores),
        )
        tables.append(table)
    return tables[0], tables[1]


def describe_frequent(scores: Scores) -> str:
    totals = [score.constant for (_, label), score in scores.items() if label == "total"]
    shares = [share for share in totals if share is not None]
    words = (
        f"Always the most frequent answer: {format_share(max(shares))} of all. " if shares else ""
    )
    return f"{describe_counts(scores)}{words}All intervals are in the CSV."


def describe_counts(scores: Scores) -> str:
    """Of the score with most samples; the CSV has the people of each."""
    known = [score for score in scores.values() if score.num_people]
    if not known:
        return ""
    largest = max(known, key=lambda score: score.num_samples)
    return f"{largest.num_samples:,} samples of {largest.num_people:,} people. "


def build_packaged(lines: Sequence[Line]) -> Table:
    """What the packaged classifier says of the same pictures."""
    columns = {"gender": "gender", "age": "age group"}
    found = index_lines(lines, "packaged")
    scores: Scores = {(model, attribute): score for (model, attribute), score in found.items()}
    return pivot(
        "packaged",
        "The packaged classifier on the same pictures, right",
        scores,
        rows=[model for model in (ORIGINAL, *MODELS) if (model, "gender") in scores],
        columns=columns,
        kind="share",
        with_paper=False,
        bounded=tuple(columns),
    )


def build_found(lines: Sequence[Line]) -> Table:
    heads = (Column("model"),)
    rows: list[Row] = [(line.labels, line.score) for line in select_lines(lines, "found")]
    title = "Pictures in which a detector finds a face"
    return build_score_table("found", title, heads, rows)


def build_matching(lines: Sequence[Line]) -> Table:
    heads = (Column("answer"), Column("other", title="the other face is of"))
    rows: list[Row] = [(line.labels, line.score) for line in select_lines(lines, "matching")]
    return build_score_table("matching", "1:2 matching, voice to face", heads, rows)


def build_retrieval(lines: Sequence[Line]) -> Table:
    """R@K in a gallery of 100, or in a smaller one where there are fewer faces."""
    found = index_lines(lines, "retrieval")
    scores = {
        (model, recall): score for (model, kind, recall), score in found.items() if kind == "of_100"
    }
    chance = {rank: score.chance for (_, rank), score in scores.items()}
    words = ", ".join(
        f"{rank} {format_share(value)}" for rank, value in chance.items() if value is not None
    )
    return pivot(
        "retrieval",
        "The true face found among 99 random others, or as many as there are",
        scores,
        rows=list(dict.fromkeys(model for model, _ in scores)),
        columns={f"R@{rank}": f"R@{rank}" for rank in RANKS},
        kind="share",
        with_paper=False,
        bounded=("R@10",),
        note=f"{describe_counts(scores)}By cosine. Knowing nothing: {words}.",
    )


def describe_gallery(lines: Sequence[Line]) -> str:
    """Why the gallery is smaller than 100; empty where it is not."""
    return next(
        (line.score.reason for line in select_lines(lines, "retrieval") if "of_100" in line.labels),
        "",
    )


def list_retrieval(lines: Sequence[Line]) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """All readings, as a CSV that nobody reads as a table."""
    header = ("answer", "gallery", "recall", "ours", "low", "high", "chance", "constant", "people")
    rows: list[tuple[Cell, ...]] = [
        (
            *line.labels,
            *(line.score.value, line.score.low, line.score.high),
            *(line.score.chance, line.score.constant, line.score.num_people),
        )
        for line in select_lines(lines, "retrieval")
    ]
    return header, rows


def build_groups(lines: Sequence[Line]) -> tuple[Table, Table]:
    heads = (Column("metric"), Column("attribute"), Column("group"))
    found = select_lines(lines, "groups")
    shares: list[Row] = [_name_group(line) for line in found if line.labels[0] != "angle_deg"]
    angles: list[Row] = [_name_group(line) for line in found if line.labels[0] == "angle_deg"]
    return (
        build_score_table("groups", "By group: matching and gender", heads, shares),
        build_score_table("groups_angle", "By group: angle°", heads, angles, kind="number"),
    )


def _name_group(line: Line) -> Row:
    metric, attribute, group = line.labels
    return (metric.replace("_", " "), attribute, group), line.score


def build_leaks(lines: Sequence[Line]) -> Table:
    heads = (Column("attribute"), Column("head", title="told by the"))
    rows: list[Row] = [(line.labels, line.score) for line in select_lines(lines, "leaks")]
    return build_score_table(
        "leaks", "What the fused feature of an unseen voice tells", heads, rows
    )


def build_voice_gender(lines: Sequence[Line]) -> Table:
    heads = (Column("what"),)
    rows: list[Row] = [(line.labels, line.score) for line in select_lines(lines, "voice_gender")]
    return build_score_table("voice_gender", "Gender of unseen voices, right", heads, rows)
