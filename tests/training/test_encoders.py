import numpy as np
import torch
from torch import nn

from tasks.training.encoders import Predictions, score_predictions, start_at


def test_training_starts_at_an_answer() -> None:
    torch.manual_seed(0)
    answer, prior = torch.randn(3), torch.randn(5)
    layer = nn.Linear(5, 3)
    start_at(layer, answer)
    torch.testing.assert_close(layer(torch.zeros(5)), answer)
    start_at(layer, answer, prior=prior)
    torch.testing.assert_close(layer(prior), answer)


def test_a_constant_answer_has_no_spread() -> None:
    random = np.random.default_rng(0)
    target = torch.from_numpy(random.normal(size=(6, 4)).astype("f4"))
    constant = target.mean(dim=0)
    people = list("aabbcc")
    flat = score_predictions(Predictions(constant.expand(6, 4), target, people), constant)
    assert flat["spread"] < 1e-6
    assert flat["matching"] == flat["matching_constant"]
    exact = score_predictions(Predictions(target, target, people), constant)
    assert (exact["spread"], exact["matching"]) == (1.0, 1.0)
