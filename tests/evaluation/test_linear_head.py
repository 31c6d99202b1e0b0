import numpy as np
import pytest

from tasks.evaluation.linear_head import Attributes, LinearHead, cross_validate

N, D = 240, 8


@pytest.fixture(scope="module")
def faces():
    """Gender in one feature, ethnicity in two, age in one."""
    generator = np.random.default_rng(0)
    features = generator.normal(size=(N, D)).astype(np.float32)
    genders = ["m" if row[0] > 0 else "f" for row in features]
    ethnicities = ["white" if row[1] > row[2] else "black" for row in features]
    return features, Attributes(genders, (40 + 10 * features[:, 3]).tolist(), ethnicities)


def share(first, second):
    return np.mean([one == two for one, two in zip(first, second, strict=True)])


def test_head_learns_what_is_in_the_features(faces):
    features, labels = faces
    found = cross_validate(features, labels, people=np.arange(N))
    assert share(found.genders, labels.genders) > 0.9
    assert share(found.ethnicities, labels.ethnicities) > 0.85
    assert np.abs(np.subtract(found.ages, labels.ages)).mean() < 5


def test_cross_validation_knows_nothing_of_random_labels(faces):
    features, labels = faces
    genders = np.random.default_rng(1).permutation(labels.genders).tolist()
    found = cross_validate(
        features, Attributes(genders, [None] * N, [None] * N), people=np.arange(N)
    )
    assert 0.35 < share(found.genders, genders) < 0.65
    assert set(found.ages) == {None}


def test_faces_without_features_or_labels_take_no_part(faces):
    features, labels = faces
    broken = features.copy()
    broken[5] = np.nan
    head = LinearHead(broken, Attributes(labels.genders, [None] * N, ["white"] * N))
    found = head.predict(broken)
    assert found.genders[5] is None
    assert found.genders[6] in ("m", "f")
    assert set(found.ages) == set(found.ethnicities) == {None}


def test_no_head_has_seen_the_person_it_is_asked_about():
    """Everybody has a feature of their own, three times, and a gender that nothing else tells."""
    people = np.repeat(np.arange(N // 3), 3)
    features = np.eye(N // 3, dtype=np.float32)[people]
    genders = np.random.default_rng(2).choice(["m", "f"], N // 3)[people].tolist()
    labels = Attributes(genders, [None] * N, [None] * N)
    assert share(cross_validate(features, labels, people=people).genders, genders) < 0.65
    assert share(LinearHead(features, labels).predict(features).genders, genders) > 0.95
