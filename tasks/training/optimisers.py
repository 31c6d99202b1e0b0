"""The papers' optimisers and learning-rate schedules (SPEC 4)."""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import nn
from torch.optim import SGD, Adam, Optimizer

Schedule = Callable[[int], float]  # step, from 0, to what the learning rate is multiplied by


def build_adam(
    parameters: Iterable[nn.Parameter],
    *,
    rate: float,
    betas: tuple[float, float] = (0.5, 0.999),
    epsilon: float = 1e-8,
) -> Adam:
    """Beta 1 is 0.5 in all three papers, beta 2 0.999 (chosen where unstated, SPEC 7 #32).

    S2F and ARS: rate 1e-3, epsilon 1e-4. WEN: rate 2e-4, PyTorch's epsilon.
    """
    trained = [p for p in parameters if p.requires_grad]
    on_gpu = any(p.is_cuda for p in trained)
    return Adam(trained, lr=rate, betas=betas, eps=epsilon, fused=on_gpu or None)


def build_sgd(
    parameters: Iterable[nn.Parameter],
    *,
    rate: float = 0.1,
    momentum: float = 0.9,
    weight_decay: float = 5e-4,
) -> SGD:
    """Defaults: WEN's pre-training of the voice embedding (SPEC 4.1, chosen)."""
    trained = [p for p in parameters if p.requires_grad]
    return SGD(trained, lr=rate, momentum=momentum, weight_decay=weight_decay)


def hold_rate() -> Schedule:
    return lambda step: 1.0


def decay_every(factor: float, *, steps: int) -> Schedule:
    """Times `factor` after every `steps` (S2F: 0.95 every 10,000; ARS: 0.9 every 2 epochs)."""
    return lambda step: float(factor ** (step // steps))


def decay_at(milestones: Sequence[int], *, factor: float = 0.1) -> Schedule:
    """Times `factor` from each milestone on (WEN's pre-training: 16,000 and 24,000)."""
    return lambda step: float(factor ** sum(step >= milestone for milestone in milestones))


def set_rate(optimiser: Optimizer, factor: float) -> float:
    """Sets each group's rate to its first one times `factor`; returns the first group's."""
    for group in optimiser.param_groups:
        group.setdefault("initial_lr", group["lr"])
        group["lr"] = group["initial_lr"] * factor
    return float(optimiser.param_groups[0]["lr"])


def compute_norm(tensors: Iterable[torch.Tensor | None]) -> torch.Tensor:
    """Euclidean norm over all of the tensors, a scalar."""
    present = [tensor for tensor in tensors if tensor is not None]
    return nn.utils.get_total_norm(present)
