import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from tasks.evaluation.attributes import (
    DECADES,
    bin_by_decade,
    bin_in_thirds,
    count_confusion,
    count_labels,
    score_age,
    score_agreement,
)


def test_ages_are_binned():
    assert [bin_by_decade(age) for age in (0, 9.9, 10, 69, 70, 104, None)] == [
        *("0–9", "0–9", "10–19", "60–69", "70+", "70+"),
        None,
    ]
    assert len(DECADES) == 8
    assert [bin_in_thirds(age) for age in (34.9, 35, 65, 65.1, None)] == [
        *("young", "mid", "mid", "elder"),
        None,
    ]


def test_confusion_against_sklearn():
    generator = np.random.default_rng(0)
    labels = ["Asian", "black", "India", "white"]
    true, found = (generator.choice(labels, 200).tolist() for _ in range(2))
    confusion = count_confusion(true, found, labels=labels)
    expected = confusion_matrix(true, found, labels=labels)
    assert np.array_equal(confusion.counts, expected)
    assert np.allclose(confusion.shares, expected / expected.sum(axis=1, keepdims=True))


def test_confusion_with_empty_rows_and_missing_answers():
    confusion = count_confusion(["m", None, "m"], ["f", "m", "m"], labels=("m", "f"))
    assert confusion.shares == [[0.5, 0.5], [None, None]]
    assert confusion.num_unlabelled == 1
    with pytest.raises(ValueError, match="'x'"):
        count_confusion(["x"], ["m"], labels=("m", "f"))
    assert count_labels(["f", None, "f"], among=("m", "f")) == {"m": 0, "f": 2}


def test_agreement_and_its_references():
    true = ["m"] * 6 + ["f"] * 3 + [None]
    found = ["m"] * 5 + ["f"] + ["f"] * 2 + ["m"] + ["m"]
    score = score_agreement("gender", true, found, people=np.arange(10), published=0.94)
    assert score.value == pytest.approx(7 / 9)
    assert (score.num_samples, score.num_missing) == (9, 1)
    assert score.constant == pytest.approx(6 / 9)
    assert score.chance == pytest.approx((6 / 9) * (6 / 9) + (3 / 9) * (3 / 9))
    assert score.published == 0.94
    nothing = score_agreement("gender", [None, None], ["m", "f"], people=np.arange(2))
    assert (nothing.value, nothing.reason, nothing.num_missing) == (None, "no labels", 2)


def test_age_errors():
    score = score_age("age", [20.0, 40.0, None], [25.0, 30.0, 50.0], people=np.arange(3))
    assert score.value == 7.5
    assert score.constant == 10.0
    assert score.chance == pytest.approx((5 + 10 + 15 + 10) / 4)
    assert score_age("age", [None], [3.0], people=np.arange(1)).value is None
