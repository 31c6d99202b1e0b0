import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from tasks.evaluation.matching import Items, draw_trials
from tasks.evaluation.verification import (
    compute_average_precision,
    score_average_precision,
    score_pairs,
    score_trial_pairs,
)


@pytest.fixture(scope="module")
def pairs():
    generator = np.random.default_rng(0)
    people = np.repeat(np.arange(30), 40)
    shift = generator.normal(scale=0.5, size=30)[people]
    same = np.round(generator.normal(1, 1, size=1200) + shift, 2)
    return same, np.round(generator.normal(size=1200) + shift, 2), people


def test_eer_and_auc_against_sklearn(pairs):
    same, different, people = pairs
    found = score_pairs(same, different, people=people)
    labels, scores = np.repeat([1, 0], 1200), np.concatenate([same, different])
    alarms, hits, _ = roc_curve(labels, scores, drop_intermediate=False)
    place = np.argmin(np.abs(alarms - (1 - hits)))
    assert found["EER"].value == pytest.approx((alarms[place] + 1 - hits[place]) / 2, abs=0.002)
    assert found["AUC"].value == pytest.approx(roc_auc_score(labels, scores))
    assert (found["AUC"].num_samples, found["AUC"].num_people) == (2400, 30)


def test_intervals_against_a_loop(pairs):
    same, different, people = pairs
    found = score_pairs(same, different, people=people)["AUC"]
    generator, values = np.random.default_rng(1), []
    for _ in range(400):
        weights = np.bincount(generator.integers(30, size=30), minlength=30)[people]
        values.append(
            roc_auc_score(
                np.repeat([1, 0], 1200),
                np.concatenate([same, different]),
                sample_weight=np.tile(weights, 2),
            )
        )
    assert (found.low, found.high) == pytest.approx(np.quantile(values, [0.025, 0.975]), abs=0.01)


def test_perfect_and_useless_scores():
    people = np.arange(20)
    perfect = score_pairs(np.ones(20), np.zeros(20), people=people)
    assert (perfect["EER"].value, perfect["AUC"].value) == (0, 1)
    useless = score_pairs(np.ones(20), np.ones(20), people=people)
    assert (useless["EER"].value, useless["AUC"].value) == (0.5, 0.5)
    assert score_pairs(np.array([]), np.array([]), people=np.array([], int))["EER"].value is None
    with pytest.raises(ValueError, match="1 scores are not finite"):
        score_pairs(np.array([np.nan]), np.zeros(1), people=np.zeros(1, int))


def test_pairs_of_a_trial_list():
    generator = np.random.default_rng(2)
    names = [f"p{index}" for index in np.repeat(np.arange(10), 3)]
    items = Items([f"i{index}" for index in range(30)], names)
    trials = draw_trials(items, items, num_per_probe=20)
    left, right = generator.normal(size=(2, 30, 6))
    found = score_trial_pairs(trials, probes=items, probe_vectors=left, candidate_vectors=right)
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (left, right)]
    cosines = unit[0] @ unit[1].T
    chosen = [cosines[trials.probes, faces] for faces in (trials.true, trials.others[:, 0])]
    expected = roc_auc_score(np.repeat([1, 0], 600), np.concatenate(chosen))
    assert found["AUC"].value == pytest.approx(expected, abs=1e-6)


def test_average_precision_against_sklearn():
    generator = np.random.default_rng(3)
    probes, candidates = generator.normal(size=(40, 6)), generator.normal(size=(90, 6))
    first, second = np.arange(40) % 8, np.arange(90) % 7
    found = compute_average_precision(
        probes, candidates, probe_people=first, candidate_people=second
    )
    for index in range(40):
        cosines = candidates @ probes[index] / np.linalg.norm(candidates, axis=1)
        wanted = second == first[index]
        if wanted.any():
            assert found[index] == pytest.approx(average_precision_score(wanted, cosines))
        else:
            assert np.isnan(found[index])
    score = score_average_precision(probes, candidates, probe_people=first, candidate_people=second)
    assert score.num_missing == 5
    assert score.chance == pytest.approx(1 / 7, abs=0.01)
