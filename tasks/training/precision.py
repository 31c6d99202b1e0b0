"""Where and in which numbers a network is trained."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import nn

from tasks.data.streams import Batch


@dataclass(frozen=True)
class Precision:
    """`bf16`: autocast of the networks' forward passes; losses are computed in float32."""

    device: torch.device
    bf16: bool = False
    channels_last: bool = False
    compile: bool = False

    def autocast(self) -> AbstractContextManager[None]:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)


def choose_device(name: str, *, local_rank: int = 0) -> torch.device:
    """ "auto" (a GPU if there is one), "cpu", "cuda" or "cuda:<number>".

    ValueError where a GPU is demanded and there is none.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(name)
    if device.type not in ("cpu", "cuda"):
        raise ValueError(f"device must be auto, cpu or cuda, got {name!r}")
    if device.type == "cpu":
        return device
    number = local_rank if device.index is None else device.index
    if number >= torch.cuda.device_count():
        raise ValueError(f"device {name!r} needs GPU {number}, found {torch.cuda.device_count()}")
    return torch.device("cuda", number)


def choose_precision(
    device: str = "auto", *, bf16: bool | None = None, compile: bool = False, local_rank: int = 0
) -> Precision:
    """Channels-last, which is up to twice as fast on a CPU too; on a GPU also bf16 (None: where the
    card has it) and TF32, on a CPU float32."""
    chosen = choose_device(device, local_rank=local_rank)
    if chosen.type == "cpu":
        return Precision(chosen, bool(bf16), channels_last=True, compile=compile)
    torch.cuda.set_device(chosen)
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    supported = torch.cuda.is_bf16_supported()
    return Precision(chosen, supported if bf16 is None else bf16, True, compile)


def place_network(network: nn.Module, precision: Precision) -> nn.Module:
    """Moves the network in place, channels last and compiled on first use where that is chosen."""
    network.to(precision.device)
    if precision.channels_last:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if precision.compile:
        network.compile()
    return network


def move_batch(batch: Batch, precision: Precision) -> Batch:
    """Tensors to the device (without waiting, from pinned memory), pictures channels-last."""
    return {name: _move(value, precision) for name, value in batch.items()}


def _move(value: object, precision: Precision) -> object:
    if not isinstance(value, torch.Tensor):
        return value
    if precision.channels_last and value.ndim == 4:
        layout = torch.channels_last
        return value.to(precision.device, non_blocking=True).contiguous(memory_format=layout)
    return value.to(precision.device, non_blocking=True)
