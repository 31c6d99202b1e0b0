import math

import numpy as np
import pytest
import torch

from tasks.training.scores import (
    compute_accuracy,
    compute_feature_scores,
    compute_majority,
    compute_match_rate,
    compute_picture_scores,
)


def test_matching_counts_pairs_of_different_people_and_half_for_ties() -> None:
    scores = torch.tensor([[2.0, 9.0, 2.0], [0.0, 1.0, 0.5], [3.0, 1.0, 2.0]])
    # a-a are one person: (0,2) a tie, (1,0) and (1,2) won, (2,1) won.
    assert compute_match_rate(scores, ["a", "a", "b"]) == pytest.approx((0.5 + 1 + 0 + 1) / 4)


def test_matching_of_a_single_person_is_unknown() -> None:
    assert math.isnan(compute_match_rate(torch.eye(2), ["a", "a"]))


def test_a_constant_answer_matches_half_the_time() -> None:
    random = np.random.default_rng(0)
    features = torch.from_numpy(random.normal(size=(20, 5)))
    people = [str(row % 6) for row in range(20)]
    constant = torch.from_numpy(random.normal(size=5))
    scores = compute_feature_scores(features, features, people=people, constant=constant)
    assert scores["matching_constant"] == pytest.approx(0.5)
    assert scores["matching"] == 1
    assert scores["angle_deg"] == pytest.approx(0, abs=1e-4)
    units = features.numpy() / np.linalg.norm(features.numpy(), axis=1, keepdims=True)
    cosines = units @ constant.numpy() / np.linalg.norm(constant.numpy())
    assert scores["angle_deg_constant"] == pytest.approx(np.degrees(np.arccos(cosines)).mean())


def test_accuracy_among_the_largest() -> None:
    logits = torch.tensor([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    assert compute_accuracy(logits, torch.tensor([0, 1])) == 0.5
    assert compute_accuracy(logits, torch.tensor([0, 1]), top=2) == 1
    assert compute_accuracy(logits, torch.tensor([0, 2]), top=5) == 1


def test_the_most_frequent_label() -> None:
    assert compute_majority(torch.tensor([1, 1, 0]), torch.tensor([0, 1, 1])) == pytest.approx(
        2 / 3
    )


def test_picture_scores_are_mean_absolute_errors() -> None:
    target = torch.rand(4, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    scores = compute_picture_scores(
        target + 0.1, target, people=["a", "b", "c", "d"], constant=target.mean(dim=0)
    )
    assert scores["mae"] == pytest.approx(0.1, abs=1e-5)
    expected = (target - target.mean(dim=0)).abs().mean()
    assert scores["mae_constant"] == pytest.approx(float(expected), abs=1e-5)
    assert scores["matching"] == 1
    assert scores["matching_constant"] == pytest.approx(0.5)
