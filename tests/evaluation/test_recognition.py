"""Matching and retrieval by predicted features."""

import numpy as np
import pytest

from tasks.evaluation.matching import Items
from tasks.evaluation.recognition import (
    ANYBODY,
    GENDER_ORACLE,
    SAME_GENDER,
    draw_trial_lists,
    score_matching,
    score_retrieval,
    share_won,
)

NUM_PEOPLE = 8
PEOPLE = [f"p{i // 2}" for i in range(2 * NUM_PEOPLE)]
GENDERS = ["mf"[(i // 2) % 2] for i in range(2 * NUM_PEOPLE)]
ITEMS = Items([f"clip{i}" for i in range(2 * NUM_PEOPLE)], PEOPLE)
TRUE = np.repeat(np.eye(NUM_PEOPLE, dtype=np.float32), 2, axis=0)
CONSTANT = np.ones_like(TRUE)
LISTS = draw_trial_lists(ITEMS, GENDERS, num_per_probe=20)


def test_a_perfect_answer_wins_all_and_a_constant_one_half() -> None:
    queries = {"perfect": TRUE, "constant": CONSTANT}
    lines = score_matching(
        queries, TRUE, lists=LISTS, items=ITEMS, genders=GENDERS, constant=CONSTANT
    )
    found = {line.labels: line.score for line in lines}
    for other in (ANYBODY, SAME_GENDER):
        assert found["perfect", other].value == 1.0
        assert found["constant", other].value == found["perfect", other].constant == 0.5
    assert found[GENDER_ORACLE, SAME_GENDER].value == 0.5
    # Of seven other people three have the same gender.
    assert found[GENDER_ORACLE, ANYBODY].value == pytest.approx(4 / 7 + 3 / 14, abs=0.08)


def test_shares_are_the_means_of_each_query_over_its_trials() -> None:
    query = np.random.default_rng(0).normal(size=TRUE.shape).astype(np.float32)
    trials = LISTS[ANYBODY]
    shares = share_won(trials, query, TRUE)
    for row in range(len(query)):
        won = []
        for probe, true, other in zip(trials.probes, trials.true, trials.others[:, 0], strict=True):
            if probe == row:
                near, far = query[row] @ TRUE[true], query[row] @ TRUE[other]
                won.append(1.0 if near > far else 0.5 if near == far else 0.0)
        assert shares[row] == pytest.approx(np.mean(won))


def test_one_person_gives_no_trial_and_says_so() -> None:
    items = Items(["a", "b"], ["p", "p"])
    lists = draw_trial_lists(items, ["m", "m"], num_per_probe=3)
    two = TRUE[:2]
    lines = score_matching(
        {"x": two}, two, lists=lists, items=items, genders=["m", "m"], constant=two
    )
    assert all("no trials" in line.score.reason for line in lines)
    assert np.isnan(share_won(lists[ANYBODY], two, two)).all()


def test_a_small_gallery_is_named() -> None:
    lines = score_retrieval({"perfect": TRUE}, TRUE, people=PEOPLE, constant=CONSTANT[0])
    found = {line.labels: line.score for line in lines}
    assert "gallery of 15" in found["perfect", "of_100", "R@1"].reason
    assert found["perfect", "absolute", "R@1"].value == 1.0
    assert found["perfect", "absolute", "R@1"].chance == pytest.approx(1 / 15)
