"""ARS Table 1: nested means, and what 1/√n makes of them."""

from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from tasks.data.readers import read_column, read_index
from tasks.evaluation.ar_spm.priors import (
    GenderedFaces,
    compute_means,
    count_faces,
    list_sizes,
    measure_steps,
    read_gendered_faces,
    score_step,
    score_table1,
)
from tasks.evaluation.ar_spm.published import PRIOR_STEPS
from tests.training_corpus import write_training_shards


def make_faces(num_male: int, num_female: int, dimension: int = 40) -> GenderedFaces:
    random = np.random.default_rng(0)
    male, female = (random.normal(size=(n, dimension)) for n in (num_male, num_female))
    return GenderedFaces(male, female, {"male": num_male, "female": num_female})


def test_means_are_those_of_the_first_faces_of_one_order() -> None:
    faces = make_faces(30, 20)
    means = compute_means(faces, "male", (1, 7, 30), np.random.default_rng(5))
    order = np.random.default_rng(5).permutation(30)
    for mean, size in zip(means, (1, 7, 30), strict=True):
        np.testing.assert_allclose(mean, np.mean([faces.male[i] for i in order[:size]], axis=0))


def test_the_neutral_mean_is_balanced() -> None:
    faces = make_faces(30, 20)
    assert count_faces(faces) == {"neutral": 40, "male": 30, "female": 20}
    (mean,) = compute_means(faces, "neutral", (40,), np.random.default_rng(0))
    order = np.random.default_rng(0)
    male = faces.male[order.permutation(30)[:20]].mean(axis=0)
    np.testing.assert_allclose(mean, (male + faces.female.mean(axis=0)) / 2)


@pytest.mark.parametrize(
    ("num_faces", "sizes"),
    [(5, [5]), (10, [10]), (11, [10, 11]), (500, [10, 50, 100, 500]), (10**6, None)],
)
def test_sizes_go_as_far_as_there_are_faces(num_faces: int, sizes: list[int] | None) -> None:
    assert list_sizes(num_faces) == (sizes or [10, 50, 100, 500, 1000, 5000, 10000])


def test_independent_faces_leave_no_trend_once_scaled() -> None:
    # The mean |difference| of two nested means of normal values is sqrt(2/π)·sqrt(1/n - 1/n').
    expected = 40 * sqrt(2 / np.pi)
    steps = list(measure_steps(make_faces(600, 600), num_repeats=60))
    assert {step.prior for step in steps} == {"neutral", "male", "female"}
    for step in steps:
        halved = sqrt(2) * sqrt(1 / 2) if step.prior == "neutral" else 1.0
        assert step.scaled.mean() == pytest.approx(halved * expected, rel=0.05)


def test_published_numbers_stand_beside_the_steps_that_the_paper_has() -> None:
    lines = list(score_table1(make_faces(60, 60), num_repeats=20))
    found = {line.labels: line.score.published for line in lines}
    assert found["male", "10 → 50", "l1"] == PRIOR_STEPS[10, 50][1] == 43.908
    assert found["male", "50 → all", "l1"] is None
    # SPEC 5.6: neutral 98 to 122 once divided.
    assert found["neutral", "10 → 50", "l1_scaled"] == pytest.approx(98.5, abs=0.1)


def test_few_draws_have_no_interval() -> None:
    step = next(measure_steps(make_faces(20, 20), num_repeats=3))
    score = score_step(step, num_people=20, is_scaled=False)
    assert (score.low, score.reason) == (None, "no interval: 3 draws")


def test_faces_are_read_by_gender_and_no_more_than_asked(tmp_path: Path) -> None:
    index = read_index(write_training_shards(tmp_path) / "pairs/train")
    faces = read_gendered_faces(index, limit=5)
    assert (len(faces.male), len(faces.female)) == (5, 5)
    everybody = read_gendered_faces(index)
    features, genders = read_column(index, "face_feature"), read_column(index, "gender")
    np.testing.assert_array_equal(everybody.male, features[genders == "m"])
    assert everybody.num_people == {"male": 4, "female": 4}
