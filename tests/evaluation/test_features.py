import numpy as np
import pytest
from scipy.spatial import distance

from tasks.evaluation.features import (
    PUBLISHED_ANGLE,
    measure_features,
    rescale_to_degrees,
    score_features,
    unscale_degrees,
)
from tasks.evaluation.pairing import shuffle


@pytest.fixture(scope="module")
def features():
    generator = np.random.default_rng(0)
    true = generator.normal(1, 1, size=(600, 16))
    return true + generator.normal(size=true.shape), true


def test_distances_against_scipy(features):
    predicted, true = features
    found = measure_features(predicted.astype(np.float32), true.astype(np.float32))
    for index in range(0, 600, 97):
        left, right = predicted[index], true[index]
        unit = left / np.linalg.norm(left), right / np.linalg.norm(right)
        cosine = 1 - distance.cosine(left, right)
        expected = {
            "angle_deg": np.degrees(np.arccos(cosine)),
            "l1": distance.cityblock(left, right),
            "l2": distance.euclidean(left, right),
            "unit_l1": distance.cityblock(*unit),
            "unit_l2": distance.euclidean(*unit),
            "rescaled_cosine": 0.5 + 0.5 * cosine,
        }
        assert {name: values[index] for name, values in found.items()} == pytest.approx(
            expected, rel=1e-5
        )


def test_small_angles_are_exact():
    angle = measure_features(np.array([[1.0, 1e-6]]), np.array([[1.0, 0.0]]))["angle_deg"][0]
    assert angle == pytest.approx(np.degrees(1e-6), rel=1e-6)


def test_a_vector_of_zeros_has_no_angle_and_is_counted():
    predicted, true = np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    scores = score_features(predicted, true, people=np.array([0, 1]))
    angle = scores["angle_deg"].mean
    assert (angle.value, angle.num_samples, angle.num_missing) == (pytest.approx(90), 1, 1)
    assert scores["angle_deg"].std is None
    assert scores["l2"].mean.num_missing == 0


def test_scores_have_their_references(features):
    predicted, true = features
    scores = score_features(predicted, true, people=np.arange(600), published={"angle_deg": 45.75})
    angle = scores["angle_deg"]
    values = measure_features(predicted, true)["angle_deg"]
    assert angle.mean.value == pytest.approx(values.mean())
    assert angle.std == pytest.approx(values.std(ddof=1))
    assert angle.mean.published == PUBLISHED_ANGLE[6][0]
    assert angle.mean.low < angle.mean.value < angle.mean.high < angle.mean.chance
    constant = measure_features(np.tile(true.mean(axis=0), (600, 1)), true)["angle_deg"].mean()
    assert angle.mean.constant == pytest.approx(constant)


def test_degrees_of_ars_both_ways():
    # SPEC 5.6: printed against true angles.
    for printed, true in {15.204: 21.57, 29.191: 41.76, 19.610: 27.87}.items():
        assert unscale_degrees(printed) == pytest.approx(true, abs=0.01)
        rescaled = 0.5 + 0.5 * np.cos(np.radians(true))
        assert rescale_to_degrees(rescaled) == pytest.approx(printed, abs=0.01)


def test_nobody_keeps_their_own():
    people = np.random.default_rng(1).integers(6, size=90)
    target = shuffle(people, seed=3)
    assert sorted(target.tolist()) == list(range(90))
    assert not np.any(people[target] == people)
    assert np.array_equal(target, shuffle(people, seed=3))
