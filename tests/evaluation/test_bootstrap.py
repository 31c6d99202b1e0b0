import numpy as np
import pytest
from scipy import stats

from tasks.evaluation.bootstrap import (
    bound_share,
    compute_interval,
    draw_weights,
    encode_people,
    score_mean,
    score_pair_mean,
)
from tasks.evaluation.scores import Score, flatten_scores, make_missing


def test_draws_are_whole_people_and_seeded():
    weights = np.concatenate(list(draw_weights(7, num_draws=5, seed=1)))
    assert weights.shape == (5, 7)
    assert np.all(weights.sum(axis=1) == 7)
    assert np.array_equal(weights, np.concatenate(list(draw_weights(7, num_draws=5, seed=1))))
    assert not np.array_equal(weights, np.concatenate(list(draw_weights(7, num_draws=5, seed=2))))


def test_mean_against_scipy_where_everybody_has_one_sample():
    values = np.random.default_rng(0).normal(3, 2, 400)
    score = score_mean("x", values, people=np.arange(400), num_draws=4000)
    expected = stats.bootstrap((values,), np.mean, n_resamples=4000, method="percentile")
    assert score.value == pytest.approx(values.mean())
    assert score.low == pytest.approx(expected.confidence_interval.low, abs=0.03)
    assert score.high == pytest.approx(expected.confidence_interval.high, abs=0.03)


def test_mean_against_a_loop_over_people():
    generator = np.random.default_rng(3)
    people = generator.integers(12, size=100)
    values = generator.normal(size=12)[people] + generator.normal(size=100)
    score = score_mean("x", values, people=people, num_draws=1500)
    means = []
    for _ in range(1500):
        drawn = generator.integers(12, size=12)
        means.append(np.concatenate([values[people == person] for person in drawn]).mean())
    assert (score.low, score.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.08)
    # The trials of a person go together: far wider than if each were drawn alone.
    alone = score_mean("x", values, people=np.arange(100), num_draws=1500)
    assert score.high - score.low > 1.4 * (alone.high - alone.low)


def test_missing_values_are_counted_never_nan():
    score = score_mean("x", np.array([1.0, np.nan, 3.0]), people=np.array([0, 1, 2]))
    assert (score.value, score.num_samples, score.num_people, score.num_missing) == (2.0, 2, 2, 1)
    nothing = score_mean("x", np.array([np.nan]), people=np.array([0]))
    assert nothing.value is None
    assert nothing.reason == "no sample to measure"
    assert score_mean("x", np.array([]), people=np.array([], int)).value is None


def test_one_person_has_no_interval_and_says_so():
    score = score_mean("x", np.array([1.0, 2.0]), people=np.array([4, 4]))
    assert (score.value, score.low, score.high) == (1.5, None, None)
    assert "1 people" in score.reason
    assert compute_interval(lambda weights: weights[:, 0] * np.nan, num_people=3) is None


def test_a_share_of_one_is_not_sure():
    score = score_mean("x", np.ones(40), people=np.repeat(np.arange(20), 2), is_share=True)
    assert (score.low, score.high) == (pytest.approx(0.025 ** (1 / 20)), 1.0)
    expected = stats.binomtest(0, 20).proportion_ci()
    assert bound_share(0.0, 20) == (0.0, pytest.approx(expected.high))


def test_pair_mean_counts_a_trial_by_both_persons():
    generator = np.random.default_rng(5)
    first, second = generator.integers(9, size=300), generator.integers(9, size=300)
    values = generator.random(300).astype(np.float32)
    score = score_pair_mean("x", values, first=first, second=second, num_draws=1500)
    means = []
    for _ in range(1500):
        counts = np.bincount(generator.integers(9, size=9), minlength=9)
        means.append(np.average(values, weights=counts[first] * counts[second]))
    assert score.value == pytest.approx(values.mean())
    assert (score.low, score.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.02)


def test_the_interval_covers_the_truth():
    hits = 0
    for seed in range(150):
        generator = np.random.default_rng(seed)
        people = np.repeat(np.arange(40), 5)
        values = generator.normal(size=40)[people] + generator.normal(size=200)
        score = score_mean("x", values, people=people, num_draws=200, seed=seed)
        hits += score.low <= 0 <= score.high
    assert 0.88 * 150 <= hits <= 150


def test_people_by_name():
    assert encode_people(["b", "a", "b"]).tolist() == [1, 0, 1]


def test_flat_metrics_leave_out_what_is_missing():
    scores = {"a": Score("a", 0.5, 10, 4, 0.4, 0.6), "b": make_missing("b", "no labels")}
    assert flatten_scores(scores) == {"a": 0.5, "a_low": 0.4, "a_high": 0.6, "a_n": 10, "b_n": 0}
    with pytest.raises(AssertionError):
        Score("c", float("nan"), 1, 1)
    with pytest.raises(AssertionError):
        Score("c", None, 1, 1)
