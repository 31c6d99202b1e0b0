"""The leak test finds what is there, and nothing where nothing is."""

import numpy as np

from tasks.evaluation.heads import LabelledFeatures
from tasks.evaluation.leaks import VOICE_HEAD, score_leaks
from tasks.evaluation.linear_head import Attributes, LinearHead
from tasks.evaluation.scores import Score

ETHNICITIES = ("Asian", "black", "white")


def make_people(first: int, count: int, *, is_leaking: bool) -> LabelledFeatures:
    """Gender is in the first number, ethnicity (where it leaks) in the others."""
    random = np.random.default_rng(first)
    people = np.arange(first, first + count)
    features = random.normal(0, 0.3, (count, 4))
    features[:, 0] += people % 2
    if is_leaking:
        features[np.arange(count), 1 + people % 3] += 2
    genders = ["mf"[person % 2] for person in people]
    ethnicities = [ETHNICITIES[person % 3] for person in people]
    labels = Attributes(genders, [None] * count, ethnicities)
    return LabelledFeatures(features, labels, [str(person) for person in people])


def find(*, is_leaking: bool) -> dict[str, Score]:
    heard = make_people(0, 120, is_leaking=is_leaking)
    unseen = make_people(120, 60, is_leaking=is_leaking)
    lines = score_leaks(LinearHead(heard.features, heard.labels), heard, unseen)
    return {line.labels[0]: line.score for line in lines if line.labels[1] == VOICE_HEAD}


def test_a_leak_is_told_above_chance() -> None:
    score = find(is_leaking=True)["ethnicity"]
    assert score.low is not None
    assert score.chance is not None
    assert score.low > score.chance


def test_no_leak_is_at_chance_and_the_control_is_not() -> None:
    found = find(is_leaking=False)
    assert found["ethnicity"].low < found["ethnicity"].chance < found["ethnicity"].high
    assert found["gender"].low > found["gender"].chance
