"""What the tests of several networks share."""

from collections.abc import Callable, Iterable

import pytest
import torch
from torch import Tensor, nn


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def count() -> Callable[[nn.Module], int]:
    """Number of trainable parameters."""
    return lambda network: sum(p.numel() for p in network.parameters() if p.requires_grad)


@pytest.fixture
def record_shapes() -> Callable[..., list[tuple[int, ...]]]:
    """Shapes that layers of one class put out while `network` reads `inputs`."""

    def record(
        network: nn.Module, *inputs: Tensor, kinds: type[nn.Module] | tuple[type[nn.Module], ...]
    ) -> list[tuple[int, ...]]:
        shapes: list[tuple[int, ...]] = []
        for module in network.modules():
            if isinstance(module, kinds):
                module.register_forward_hook(lambda _m, _i, out: shapes.append(tuple(out.shape)))
        network(*inputs)
        return shapes

    return record


@pytest.fixture
def descend() -> Callable[..., tuple[float, float]]:
    """Loss before and after one small step against the gradient, all parameters having one."""

    def step(
        compute: Callable[[], Tensor], parameters: Iterable[Tensor], *, rate: float = 1e-3
    ) -> tuple[float, float]:
        weights = list(parameters)
        before = compute()
        gradients = torch.autograd.grad(before, weights)
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                weight -= rate * gradient
        return before.item(), compute().item()

    return step
