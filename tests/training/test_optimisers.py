import math

import pytest
import torch
from torch import nn

from tasks.training.optimisers import (
    build_adam,
    build_sgd,
    compute_norm,
    decay_at,
    decay_every,
    hold_rate,
    set_rate,
)


def test_s2f_ends_at_the_spec_s_rate() -> None:
    """SPEC 4.2: 637,500 iterations from 1e-3, final rate 3.95e-5 if stepped."""
    assert 1e-3 * decay_every(0.95, steps=10_000)(637_499) == pytest.approx(3.95e-5, rel=2e-3)


def test_ars_ends_at_the_spec_s_rate() -> None:
    """SPEC 4.3: 468,750 iterations in 50 epochs, x 0.9 every 2; the last two at 8.0e-5."""
    schedule = decay_every(0.9, steps=2 * 468_750 // 50)
    assert 1e-3 * schedule(468_749) == pytest.approx(8.0e-5, rel=5e-3)
    assert schedule(18_749) == 1
    assert schedule(18_750) == 0.9


def test_wen_s_pretraining_rate() -> None:
    schedule = decay_at([16_000, 24_000])
    found = [schedule(step) for step in (0, 15_999, 16_000, 23_999, 24_000, 27_999)]
    assert found == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_rate_is_set_from_the_first_one(linear: nn.Linear) -> None:
    optimiser = build_adam(linear.parameters(), rate=1e-3, epsilon=1e-4)
    assert set_rate(optimiser, 0.5) == 5e-4
    assert set_rate(optimiser, 0.5) == 5e-4
    assert optimiser.param_groups[0]["lr"] == 5e-4
    assert optimiser.defaults["betas"] == (0.5, 0.999)
    assert optimiser.defaults["eps"] == 1e-4
    assert hold_rate()(10**6) == 1


def test_frozen_parameters_are_left_out(linear: nn.Linear) -> None:
    linear.bias.requires_grad_(False)
    optimiser = build_sgd(linear.parameters())
    assert optimiser.param_groups[0]["params"] == [linear.weight]
    assert optimiser.defaults["weight_decay"] == 5e-4


def test_norm_is_over_all_tensors() -> None:
    tensors = [torch.tensor([3.0]), None, torch.tensor([[4.0, 12.0]])]
    assert math.isclose(float(compute_norm(tensors)), 13.0)
