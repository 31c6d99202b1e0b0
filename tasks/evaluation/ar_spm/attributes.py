"""Gender and age of the generated pictures (ARS Tables 5 and 6), by heads on face features."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tasks.evaluation.ar_spm.published import AGE_ACCURACY, AGES, GENDER_ACCURACY, GENDERS
from tasks.evaluation.attributes import AGE_THIRDS, bin_in_thirds, score_agreement
from tasks.evaluation.bootstrap import Doubles
from tasks.evaluation.heads import Heads
from tasks.evaluation.linear_head import Attributes
from tasks.evaluation.scores import Floats, Indices, Score, make_missing
from tasks.evaluation.store import Line
from tasks.training.genders import FEMALE, MALE

NO_HEADS = "no labelled faces: name a folder of them in evaluation.labelled_faces"
LABELS, READ = "the data set's labels", "what the head says of the person's own picture"
Labels = Sequence[str | None]


@dataclass(frozen=True)
class Truth:
    """Gender and age group of N people, and where they come from."""

    genders: Labels
    ages: Labels
    gender_source: str
    age_source: str


def find_truth(labels: Attributes, seen: Attributes) -> Truth:
    """The labels where there are any, else what a head saw in the original pictures, as ARS."""
    has_genders = any(gender is not None for gender in labels.genders)
    has_ages = any(age is not None for age in labels.ages)
    return Truth(
        labels.genders if has_genders else seen.genders,
        [bin_in_thirds(age) for age in (labels if has_ages else seen).ages],
        LABELS if has_genders else READ,
        LABELS if has_ages else READ,
    )


def score_attributes(
    pictures: Mapping[str, Attributes], truth: Truth, *, people: Indices, seed: int = 0
) -> Iterator[Line]:
    """Tables 5 and 6. Labels: model, class; the last class is "total"."""
    for name, found in pictures.items():
        genders = score_classes(
            "gender",
            truth.genders,
            found.genders,
            classes=dict(zip(GENDERS, (MALE, FEMALE, None), strict=True)),
            people=people,
            seed=seed,
        )
        ages = score_classes(
            "age",
            truth.ages,
            [bin_in_thirds(age) for age in found.ages],
            classes=dict(zip(AGES, (*AGE_THIRDS, None), strict=True)),
            people=people,
            seed=seed,
        )
        yield from _add_published("table5", name, genders, GENDER_ACCURACY.get(name))
        yield from _add_published("table6", name, ages, AGE_ACCURACY.get(name))


def _add_published(
    table: str, model: str, scores: Mapping[str, Score], published: Sequence[float] | None
) -> Iterator[Line]:
    for place, (label, score) in enumerate(scores.items()):
        paper = None if published is None else published[place]
        yield Line(table, (model, label), replace(score, published=paper))


def score_classes(
    name: str,
    true: Labels,
    predicted: Labels,
    *,
    classes: Mapping[str, str | None],
    people: Indices,
    seed: int = 0,
) -> dict[str, Score]:
    """Share right of each class, and of all (None). Chance of one class is how often it is said."""
    scores = {}
    said = [label for label in predicted if label is not None]
    for title, label in classes.items():
        rows = [row for row, value in enumerate(true) if label is None or value == label]
        if not rows:
            scores[title] = make_missing(f"{name}_{title}", "nobody of this group")
            continue
        score = score_agreement(
            f"{name}_{title}",
            [true[row] for row in rows],
            [predicted[row] for row in rows],
            people=people[rows],
            seed=seed,
        )
        if label is not None and said:
            score = replace(score, chance=said.count(label) / len(said), constant=None)
        scores[title] = score
    return scores


def list_missing(models: Sequence[str]) -> Iterator[Line]:
    """Tables 5 and 6 where no head could be fitted."""
    for name in models:
        for table, titles in (("table5", GENDERS), ("table6", AGES)):
            for title in titles:
                yield Line(table, (name, title), make_missing(title, NO_HEADS))


def compare_genders(true: Labels, predicted: Labels) -> Doubles:
    """1 where right, 0 where wrong, NaN where one is unknown: [N]."""
    pairs = zip(true, predicted, strict=True)
    return np.array([np.nan if None in pair else float(pair[0] == pair[1]) for pair in pairs])


def read_pictures(heads: Heads, primed: Mapping[str, Floats]) -> dict[str, Attributes]:
    """Attributes of generated pictures by model."""
    return {name: heads.read(features, "made") for name, features in primed.items()}
