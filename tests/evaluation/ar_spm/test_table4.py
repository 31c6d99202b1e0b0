"""ARS Table 4: distances of fused features and pictures, true and rescaled degrees."""

import numpy as np
import pytest

from tasks.evaluation.ar_spm.distances import Predicted, score_table4
from tasks.evaluation.ar_spm.names import CONSTANT
from tasks.evaluation.ar_spm.published import DISTANCES, SPACES
from tasks.evaluation.features import rescale_to_degrees, unscale_degrees

RANDOM = np.random.default_rng(1)
TRUE, FUSED, SEEN = (RANDOM.normal(size=(12, 6)) for _ in range(3))
PEOPLE = np.repeat(np.arange(6), 2)
MEAN = np.repeat(TRUE.mean(axis=0)[None], 12, axis=0)
MODELS = {
    "neutral+fc": Predicted(FUSED, SEEN),
    "face-to-face": Predicted(None, SEEN),
    CONSTANT: Predicted(MEAN, MEAN),
}


def compute_angles(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    cosines = [
        sum(a * b for a, b in zip(x, y, strict=True))
        / (sum(a * a for a in x) * sum(b * b for b in y)) ** 0.5
        for x, y in zip(left, right, strict=True)
    ]
    return np.degrees(np.arccos(cosines))


def test_rows_of_a_model_are_the_means_of_a_plain_loop() -> None:
    found = {line.labels: line.score for line in score_table4(MODELS, TRUE, people=PEOPLE)}
    assert ("face-to-face", "unprimed", "l1") not in found
    angle = found["neutral+fc", "unprimed", "angle_deg"]
    assert angle.value == pytest.approx(compute_angles(FUSED, TRUE).mean())
    assert angle.constant == pytest.approx(compute_angles(MEAN, TRUE).mean())
    assert angle.published == 15.204
    l1 = found["neutral+fc", "primed", "l1"]
    assert l1.value == pytest.approx(
        np.mean([abs(s - t).sum() for s, t in zip(SEEN, TRUE, strict=True)])
    )


def test_rescaled_degrees_are_of_the_mean_of_rescaled_cosines() -> None:
    found = {line.labels: line.score for line in score_table4(MODELS, TRUE, people=PEOPLE)}
    score = found["neutral+fc", "unprimed", "rescaled_deg"]
    cosines = np.cos(np.radians(compute_angles(FUSED, TRUE)))
    assert score.value == pytest.approx(np.degrees(np.arccos(np.mean(0.5 + 0.5 * cosines))))
    assert score.low is not None
    assert score.high is not None
    assert score.low < score.value < score.high


def test_every_printed_angle_is_the_arccos_of_three_decimals() -> None:
    # SPEC 5.6, doubt 1, and its list of true angles.
    printed = [row[space][2] for row in DISTANCES.values() for space in SPACES if space in row]
    assert len(printed) == 15
    for angle in printed:
        cosine = np.cos(np.radians(angle))
        assert cosine == pytest.approx(round(cosine, 3), abs=1e-5)
        assert rescale_to_degrees(0.5 + 0.5 * np.cos(np.radians(unscale_degrees(angle)))) == (
            pytest.approx(angle)
        )
    assert unscale_degrees(15.204) == pytest.approx(21.57, abs=0.005)
    assert unscale_degrees(29.191) == pytest.approx(41.76, abs=0.005)


def test_the_outlier_is_what_spec_says_it_is() -> None:
    # SPEC 5.6, doubt 2: the length that L2 and angle imply.
    lengths = {
        name: row["unprimed"][1] / (2 * np.sin(np.radians(row["unprimed"][2]) / 2))
        for name, row in DISTANCES.items()
        if "unprimed" in row
    }
    assert lengths.pop("neutral+fc") == pytest.approx(9.3, abs=0.05)
    assert all(5.75 < length < 7.5 for length in lengths.values())
