"""Gender, age and ethnicity of pictures from voices, against the people's own (S2F Fig. 4)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tasks.evaluation.attributes import Confusion, bin_by_decade, count_labels
from tasks.evaluation.heads import score_answers
from tasks.evaluation.linear_head import Attributes
from tasks.evaluation.picture_scores import (
    ATTRIBUTES,
    MADE,
    VALUES,
    Attribute,
    Classifier,
    Pictures,
    count_confusion,
    get_predicted,
    score_agreement,
)
from tasks.evaluation.picture_table import ROLES, Role
from tasks.evaluation.store import Line

AGREEMENT, RIGHT = "agreement", "right"
FILE = "attributes.json"


@dataclass(frozen=True)
class CountedConfusion:
    """Rows: what `classifier` says of the original; columns: of the picture of `role`."""

    attribute: Attribute
    classifier: Classifier
    role: Role
    confusion: Confusion


@dataclass(frozen=True)
class Counted:
    """Fig. 4: `histogram` counts the training people's pictures by attribute and answer."""

    confusions: tuple[CountedConfusion, ...]
    histogram: Mapping[Attribute, Mapping[str, int]]


def list_classifiers(pictures: Pictures, attribute: Attribute) -> list[Classifier]:
    """Those that have an answer for any original."""
    return [
        name
        for name in pictures.predicted
        if any(get_predicted(pictures, name, "original", attribute))
    ]


def score_agreements(pictures: Pictures) -> Iterator[Line]:
    """Same answer as on the original. Labels: attribute, classifier, picture."""
    for attribute in ATTRIBUTES:
        for classifier in list_classifiers(pictures, attribute):
            for role in MADE:
                score = score_agreement(pictures, attribute, classifier=classifier, role=role)
                yield Line(AGREEMENT, (attribute, classifier, role), score)


def score_right(pictures: Pictures, labels: Attributes, *, seed: int = 0) -> Iterator[Line]:
    """Answers against the data set's labels. Labels: attribute, classifier, picture."""
    for classifier, answers in pictures.predicted.items():
        answered = [name for name in ATTRIBUTES if classifier in list_classifiers(pictures, name)]
        for role in ROLES:
            found = score_answers(labels, answers[role], people=pictures.people, seed=seed)
            for attribute in answered:
                yield Line(RIGHT, (attribute, classifier, role), found[attribute])


def count_all(pictures: Pictures, training: Attributes | None) -> Counted:
    """`training` is what the head says of the training people's own pictures."""
    confusions = tuple(
        CountedConfusion(
            attribute,
            classifier,
            role,
            count_confusion(pictures, attribute, classifier=classifier, role=role),
        )
        for attribute in ATTRIBUTES
        for classifier in list_classifiers(pictures, attribute)
        for role in MADE
    )
    histogram: dict[Attribute, dict[str, int]] = {}
    if training is not None:
        decades = [bin_by_decade(age) for age in training.ages]
        answers = {"gender": training.genders, "age": decades, "ethnicity": training.ethnicities}
        histogram = {name: count_labels(answers[name], among=VALUES[name]) for name in ATTRIBUTES}
    return Counted(confusions, histogram)


def write_counted(folder: Path, counted: Counted) -> None:
    text = json.dumps(asdict(counted), indent=1, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read_counted(folder: Path) -> Counted:
    """ValueError naming the file if there is none."""
    path = folder / FILE
    if not path.is_file():
        raise ValueError(f"{path}: no such file; run the stage that evaluates first")
    values = json.loads(path.read_text(encoding="utf-8"))
    return Counted(tuple(_restore(item) for item in values["confusions"]), values["histogram"])


def _restore(item: dict[str, Any]) -> CountedConfusion:
    found = item["confusion"]
    counts = tuple(tuple(row) for row in found["counts"])
    confusion = Confusion(tuple(found["labels"]), counts, found["num_unlabelled"])
    return CountedConfusion(item["attribute"], item["classifier"], item["role"], confusion)
