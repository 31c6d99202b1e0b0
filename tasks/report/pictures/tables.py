"""The tables of a report on published pictures."""

import functools
from collections.abc import Mapping, Sequence

import numpy as np

from tasks.evaluation import craniofacial
from tasks.evaluation.attributes import Confusion
from tasks.evaluation.correlation import Correlation, compare_with_published
from tasks.evaluation.groups import score_groups
from tasks.evaluation.picture_scores import (
    ATTRIBUTES,
    MADE,
    Attribute,
    Classifier,
    Pictures,
    Retrieval,
    correlate_measures,
    count_confusion,
    get_predicted,
    score_against_labels,
    score_agreement,
    score_retrieval,
    score_retrieval_of,
)
from tasks.evaluation.picture_table import GROUP_COLUMNS, ROLES, Role
from tasks.evaluation.scores import Indices, Score
from tasks.report.scores import Row, build_group_table, build_score_table
from tasks.report.tables import Cell, Column, Table

ROLE_WORDS: Mapping[Role, str] = {
    "original": "the person's own picture",
    "from_face": "made from the face",
    "from_voice": "made from the voice",
}
SIGNIFICANT = 0.05
READING_WORDS = {
    "of_100": "among 99 random others",
    "percent": "first K % of all",
    "absolute": "first K of all",
}


def select_scopes(pictures: Pictures) -> dict[str, Indices]:
    """All rows, and those of each source where there are several."""
    sources = [row.groups.get("source") for row in pictures.rows]
    names = sorted({source for source in sources if source is not None})
    scopes = {"all": pictures.everybody}
    if len(names) > 1:
        codes = np.array([source or "" for source in sources])
        scopes |= {name: np.flatnonzero(codes == name) for name in names}
    return scopes


def build_missing(pictures: Pictures) -> Table:
    """Pictures in which no face, and so no landmarks, were found."""
    columns = (Column("pictures"), Column("count", "count"), Column("no_face", "count"))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            ROLE_WORDS[role],
            len(pictures.rows),
            pictures.readings[role].num_missing,
            pictures.readings[role].num_missing / len(pictures.rows),
        )
        for role in ROLES
    )
    title = "Pictures in which no face was found"
    return Table("missing", title, (*columns, Column("share", "share")), rows)


def build_craniofacial(found: Mapping[str, Mapping[str, Correlation]]) -> Table:
    """By scope and measure, in the pictures' own frame with our jaw points."""
    columns = (
        *(Column("rows"), Column("measure"), Column("ours", "number", "ours, r")),
        *(Column("low", "number", "95 % from"), Column("high", "number", "to")),
        *(Column("paper", "number"), Column("p_difference", "number")),
        *(Column("p_value", "number"), Column("p_difference_text", "text", "p, ours = paper")),
        *(Column("p_text", "text", "p, r = 0"), Column("shuffled", "number")),
        *(Column("pairs", "count"), Column("people", "count"), Column("missing", "count")),
        Column("remark"),
    )
    rows = tuple(
        (scope, *_describe_measure(name, item))
        for scope, items in found.items()
        for name, item in items.items()
    )
    note = (
        "Chance is 0; a constant picture has no correlation. Shuffled: r over pairs of different "
        f"people (the paper: {craniofacial.PUBLISHED_SHUFFLED} for the nasal index)."
    )
    hidden = frozenset({"p_difference", "p_value"})
    title = "Craniofacial measures (Fig. 5c)"
    return Table("craniofacial", title, columns, rows, note, max_shown=60, hidden=hidden)


def _describe_measure(name: str, item: Correlation) -> tuple[Cell, ...]:
    score = item.score
    difference = compare_with_published(item, num_published=craniofacial.NUM_PUBLISHED)
    return (
        *(name.replace("_", " "), score.value, score.low, score.high),
        *(score.published, difference, item.p_value),
        *(format_p_value(difference), format_p_value(item.p_value), item.shuffled),
        *(score.num_samples, score.num_people, score.num_missing, score.reason),
    )


def format_p_value(p_value: float | None) -> str | None:
    if p_value is None:
        return None
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def build_choices(pictures: Pictures, scopes: Mapping[str, Indices]) -> Table:
    """r under the choices the paper does not print: alignment, and points of jaw and cheeks."""
    choices = [
        (jaw, alignment) for jaw in craniofacial.JAW_POINTS for alignment in craniofacial.ALIGNMENTS
    ]
    titles = [f"{alignment}, {jaw.name}" for jaw, alignment in choices]
    names = [f"{alignment}_{jaw.gonion[0]}" for jaw, alignment in choices]
    rows: list[tuple[Cell, ...]] = []
    for scope, samples in scopes.items():
        found = [
            correlate_measures(pictures, samples=samples, jaw=jaw, alignment=alignment)
            for jaw, alignment in choices
        ]
        for name in craniofacial.MEASURES:
            values = [item[name].score.value for item in found]
            rows.append((scope, name.replace("_", " "), craniofacial.PUBLISHED[name], *values))
    ours = [Column(name, "number", title) for name, title in zip(names, titles, strict=True)]
    columns = (Column("rows"), Column("measure"), Column("paper", "number"), *ours)
    title = "r by alignment and by points of jaw and cheeks"
    return Table("craniofacial_choices", title, columns, tuple(rows), max_shown=60)


def build_agreement(pictures: Pictures) -> Table:
    """Do both pictures get the same gender, decade of age and ethnicity?"""
    rows: list[Row] = [
        (
            (attribute, classifier, ROLE_WORDS[role]),
            score_agreement(pictures, attribute, classifier=classifier, role=role),
        )
        for attribute in ATTRIBUTES
        for classifier in list_classifiers(pictures, attribute)
        for role in MADE
    ]
    heads = (Column("attribute"), Column("classifier"), Column("picture", title="picture"))
    title = "Same answer as on the person's own picture (Fig. 4a)"
    return build_score_table("agreement", title, heads, rows)


def build_accuracy(pictures: Pictures) -> Table:
    """The classifiers against the table's own labels, on every kind of picture."""
    rows: list[Row] = [
        (
            (attribute, classifier, ROLE_WORDS[role]),
            score_against_labels(pictures, attribute, classifier=classifier, role=role),
        )
        for attribute in ATTRIBUTES
        for classifier in list_classifiers(pictures, attribute)
        for role in ROLES
    ]
    heads = (Column("attribute"), Column("classifier"), Column("picture", title="picture"))
    note = "Ages in the table's own groups; only rows that have a label."
    return build_score_table("accuracy", "Right by the table's labels", heads, rows, note=note)


def list_classifiers(pictures: Pictures, attribute: Attribute) -> list[Classifier]:
    """Those that have an answer for any original."""
    return [
        classifier
        for classifier in pictures.predicted
        if any(get_predicted(pictures, classifier, "original", attribute))
    ]


def build_confusions(pictures: Pictures) -> list[Table]:
    """Row-normalised, with counts; from the voice and, as a control, from the face."""
    return [
        build_confusion(
            f"confusion_{attribute}_{classifier.replace(' ', '_')}_{role}",
            f"{attribute}, {classifier}: rows own picture, columns {ROLE_WORDS[role]}",
            count_confusion(pictures, attribute, classifier=classifier, role=role),
        )
        for attribute in ATTRIBUTES
        for classifier in list_classifiers(pictures, attribute)
        for role in MADE
    ]


def build_confusion(name: str, title: str, confusion: Confusion) -> Table:
    """Shares are shown; the CSV has the counts too. The last column is the label histogram."""
    shares = tuple(Column(label, "share", label) for label in confusion.labels)
    counts = tuple(Column(f"count_{label}", "count") for label in confusion.labels)
    columns = (Column("label"), *shares, *counts, Column("count", "count"))
    rows = tuple(
        (label, *share, *row, sum(row))
        for label, share, row in zip(
            confusion.labels, confusion.shares, confusion.counts, strict=True
        )
    )
    note = f"{confusion.num_unlabelled} pairs have no answer on one side."
    hidden = frozenset(column.name for column in counts)
    return Table(name, title, columns, rows, note=note, hidden=hidden)


def build_retrieval(pictures: Pictures, retrievals: Mapping[Role, Retrieval]) -> Table:
    rows: list[Row] = [
        ((ROLE_WORDS[role], distance, READING_WORDS[reading], f"R@{rank}"), score)
        for role, retrieval in retrievals.items()
        for (distance, reading, rank), score in score_retrieval(pictures, retrieval).items()
    ]
    heads = (Column("picture"), Column("distance"), Column("gallery"), Column("recall"))
    title = "The person's own picture found by its face features (Table 3)"
    return build_score_table("retrieval", title, heads, rows)


def build_groups(
    pictures: Pictures, retrieval: Retrieval, classifiers: Sequence[Classifier]
) -> Table:
    """Gender agreement and R@10 among 99 others, of pictures made from the voice."""
    groups = {column: [row.groups.get(column) for row in pictures.rows] for column in GROUP_COLUMNS}

    def agree(samples: Indices, classifier: Classifier) -> Score:
        return score_agreement(
            pictures, "gender", classifier=classifier, role="from_voice", samples=samples
        )

    def recall(samples: Indices) -> Score:
        return score_retrieval_of(pictures, retrieval, samples=samples)

    metrics = [
        (
            f"gender agreement, {classifier}",
            score_groups(functools.partial(agree, classifier=classifier), groups),
        )
        for classifier in classifiers
    ]
    metrics.append(("R@10 among 99 others, cosine", score_groups(recall, groups)))
    return build_group_table("groups", "By group: pictures made from the voice", metrics)


def build_head(scores: Sequence[tuple[tuple[str, str], Score]], *, num_missing: int) -> Table:
    """Shares, and years for ages."""
    heads = (Column("attribute"), Column("classifier"))
    note = f"No face was found in {num_missing} more pictures. Ages are in years, all else shares."
    title = "On the labelled faces"
    return build_score_table("head", title, heads, scores, kind="number", note=note)
