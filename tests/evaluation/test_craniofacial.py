import numpy as np
import pytest
from scipy import stats

from tasks.evaluation.correlation import bootstrap_correlation, compare_with_published, correlate
from tasks.evaluation.craniofacial import JAW_POINTS, MEASURES, PUBLISHED, measure_faces


@pytest.fixture
def landmarks():
    """Two faces with whole-number places for the points that count."""
    points = np.random.default_rng(0).uniform(50, 150, size=(2, 68, 2))
    places = {27: (100, 80), 33: (100, 110), 31: (90, 108), 32: (95, 112), 34: (105, 112)}
    places |= {35: (110, 108), 50: (95, 120), 51: (100, 122), 52: (105, 120), 62: (100, 126)}
    places |= {66: (100, 128), 57: (100, 134), 48: (80, 127), 54: (120, 127), 8: (100, 160)}
    places |= {4: (60, 130), 12: (140, 130), 1: (50, 90), 15: (150, 90), 5: (62, 140)}
    places |= {11: (138, 140), 2: (52, 100), 14: (148, 100), 39: (90, 80), 42: (110, 80)}
    places |= {36: (70, 80), 45: (130, 80)}
    for index, place in places.items():
        points[0, index] = place
    return points


def test_twelve_measures_by_hand(landmarks):
    found = {name: values[0] for name, values in measure_faces(landmarks).items()}
    lips = np.hypot(0, 8)
    expected = {
        "upper_lip_height": 17,
        "lateral_upper_lip_heights": lips,
        "jaw_width": 80,
        "nose_height": 30,
        "nose_width": 20,
        "labio_oral_region": 40,
        "mandibular_index": 33 / 80,
        "intercanthal_index": 20 / 60,
        "nasal_index": 20 / 30,
        "vermilion_height_index": 5 / 7,
        "mouth_face_width_index": 40 / 100,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert tuple(found) == MEASURES == tuple(PUBLISHED)


def test_nose_area_against_counting(landmarks):
    outline = landmarks[0, [27, 31, 32, 33, 34, 35]]
    x, y = np.meshgrid(np.arange(85, 115, 0.05) + 0.025, np.arange(75, 115, 0.05) + 0.025)
    inside = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if ay != by:
            inside ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    area = measure_faces(landmarks)["nose_area"][0]
    assert area == pytest.approx(inside.sum() * 0.05**2, rel=0.005)


def test_the_other_points_of_jaw_and_cheeks(landmarks):
    found = measure_faces(landmarks, jaw=JAW_POINTS[1])
    assert found["jaw_width"][0] == 76
    assert found["mouth_face_width_index"][0] == pytest.approx(40 / 96)


def test_eye_alignment_does_not_care_where_or_how_large_a_face_is(landmarks):
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = 2.5 * landmarks @ turn.T + (7, -3)
    one, two = (measure_faces(faces, alignment="eyes") for faces in (landmarks, moved))
    for name in MEASURES:
        assert two[name] == pytest.approx(one[name])
    plain = measure_faces(moved)
    assert plain["nose_width"][0] == pytest.approx(50)
    assert plain["nasal_index"][0] == pytest.approx(2 / 3)


def test_lips_on_each_other_have_no_vermilion_index(landmarks):
    landmarks[0, 57] = (100, 127.5)
    assert np.isnan(measure_faces(landmarks)["vermilion_height_index"][0])
    landmarks[1] = np.nan
    assert all(np.isnan(values[1]) for values in measure_faces(landmarks).values())


def test_correlation_against_scipy():
    generator = np.random.default_rng(0)
    left = generator.normal(size=400)
    right = 0.4 * left + generator.normal(size=400)
    left[:3] = np.nan
    found = correlate("x", left, right, people=np.arange(400), published=0.35)
    expected = stats.pearsonr(left[3:], right[3:])
    assert found.score.value == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.score.num_samples, found.score.num_missing) == (397, 3)
    interval = expected.confidence_interval()
    assert (found.score.low, found.score.high) == pytest.approx(interval, abs=0.03)
    assert abs(found.shuffled) < 0.15
    p_value = compare_with_published(found, num_published=1000)
    assert p_value > 0.05


def test_correlation_interval_against_a_loop():
    generator = np.random.default_rng(1)
    people = generator.integers(15, size=90)
    left = generator.normal(size=15)[people] + generator.normal(size=90)
    right = left + generator.normal(size=90)
    values = []
    for _ in range(1500):
        chosen = np.concatenate(
            [np.flatnonzero(people == who) for who in generator.integers(15, size=15)]
        )
        values.append(np.corrcoef(left[chosen], right[chosen])[0, 1])
    found = bootstrap_correlation(left, right, people=people)
    assert found == pytest.approx(np.quantile(values, [0.025, 0.975]), abs=0.03)


def test_a_constant_picture_has_no_correlation_and_says_so():
    found = correlate("x", np.ones(10), np.arange(10.0), people=np.arange(10))
    assert found.score.value is None
    assert "the same everywhere" in found.score.reason
    assert found.p_value is None
    few = correlate("x", np.array([1.0, np.nan]), np.ones(2), people=np.arange(2))
    assert few.score.num_missing == 1
    assert compare_with_published(few, num_published=1000) is None


def test_difference_from_the_published_value_against_simulation():
    generator = np.random.default_rng(2)
    covariance = [[1, 0.3], [0.3, 1]]
    rejected = 0
    for _ in range(300):
        left, right = generator.multivariate_normal([0, 0], covariance, size=200).T
        other = generator.multivariate_normal([0, 0], covariance, size=500).T
        published = np.corrcoef(*other)[0, 1]
        found = correlate("x", left, right, people=np.zeros(200, int), published=published)
        rejected += compare_with_published(found, num_published=500) < 0.05
    assert rejected / 300 == pytest.approx(0.05, abs=0.035)
