"""Metrics by group of people."""

from dataclasses import replace

import numpy as np
import pytest

from tasks.data.readers import read_index
from tasks.evaluation.fairness import PerSample, score_fairness
from tasks.evaluation.held_out import HeldOut, read_held_out
from tests.training_corpus import write_training_shards


@pytest.fixture(scope="module")
def held_out(tmp_path_factory: pytest.TempPathFactory) -> HeldOut:
    index = read_index(write_training_shards(tmp_path_factory.mktemp("shards")) / "pairs/test")
    found = read_held_out(index, limit=1000)
    return replace(found, ages=[20.0, 35.0, None, *[70.0] * (len(found) - 3)])


def test_groups_are_means_of_their_samples_and_small_ones_say_so(held_out: HeldOut) -> None:
    values = np.arange(len(held_out), dtype=np.float64)
    metrics = {"angle_deg": PerSample(values, 2 * values, False)}
    lines = list(score_fairness(metrics, held_out))
    found = {line.labels[1:]: line.score for line in lines}
    assert set(found) == {
        *(("gender", "m"), ("gender", "f")),
        *(("age", name) for name in ("young", "mid", "elder", "unknown")),
    }
    for gender in "mf":
        rows = [row for row, name in enumerate(held_out.genders) if name == gender]
        score = found["gender", gender]
        assert (score.value, score.constant) == (np.mean(rows), 2 * np.mean(rows))
        assert score.reason == "too few to say: 2 people"
    assert found["age", "mid"].value == 1.0


def test_what_could_not_be_measured_is_missing(held_out: HeldOut) -> None:
    values = np.full(len(held_out), np.nan)
    lines = score_fairness({"gender_accuracy": PerSample(values, values, True)}, held_out)
    assert all(line.score.value is None and line.score.reason for line in lines)
