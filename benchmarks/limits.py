"""What a device can do, and how much of that a training step must take."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from tasks.training.precision import Precision

# A step reads and writes weights, gradients and Adam's two moments; each activation is written
# and read going forward, and it and its gradient are read and written coming back.
WEIGHT_PASSES, ACTIVATION_PASSES = 8, 5
WARM_UP = 3

Step = Callable[[], Any]


@dataclass(frozen=True)
class Limits:
    """Operations and bytes a second that this device reached in one product and one copy."""

    flops_per_s: float
    bytes_per_s: float


@dataclass(frozen=True)
class Work:
    """A step's multiplications and additions, and the bytes it cannot avoid moving."""

    flops: float
    num_bytes: float

    def compute_floor_s(self, limits: Limits) -> float:
        return max(self.flops / limits.flops_per_s, self.num_bytes / limits.bytes_per_s)


def time_steps(step: Step, device: torch.device, *, count: int) -> float:
    """Seconds a step, after some that are not counted; on a CPU the process's own, so that other
    work on the machine does not count."""
    read_clock = pick_clock(device)
    for _ in range(WARM_UP):
        step()
    synchronise(device)
    start = read_clock()
    for _ in range(count):
        step()
    synchronise(device)
    return (read_clock() - start) / count


def pick_clock(device: torch.device) -> Callable[[], float]:
    return time.perf_counter if device.type == "cuda" else time.process_time


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def measure_limits(precision: Precision, *, matrix: int, copy_mb: int) -> Limits:
    """Of a square product in the precision of training, and of a copy of `copy_mb` MiB."""
    device, side = precision.device, matrix
    dtype = torch.bfloat16 if precision.bf16 else torch.float32
    left = torch.randn(side, side, device=device, dtype=dtype)
    product_s = time_steps(lambda: left @ left, device, count=10)
    source = torch.empty(copy_mb << 20, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    copy_s = time_steps(lambda: target.copy_(source), device, count=10)
    return Limits(2 * side**3 / product_s, 2 * source.numel() / copy_s)


def measure_work(step: Step, networks: list[nn.Module], *, value_bytes: int) -> Work:
    """Counts one step; `value_bytes` is the size of an activation's number."""
    activations = 0

    def note(module: nn.Module, inputs: Any, output: Any) -> None:
        nonlocal activations
        activations += output.numel() if isinstance(output, Tensor) else 0

    leaves = [m for net in networks for m in net.modules() if not list(m.children())]
    handles = [leaf.register_forward_hook(note) for leaf in leaves]
    with FlopCounterMode(display=False) as counter:
        step()
    for handle in handles:
        handle.remove()
    weights = sum(p.numel() for net in networks for p in net.parameters() if p.requires_grad)
    moved = WEIGHT_PASSES * 4 * weights + ACTIVATION_PASSES * value_bytes * activations
    return Work(float(counter.get_total_flops()), float(moved))
