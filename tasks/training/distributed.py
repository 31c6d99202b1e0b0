"""Several processes of one run, as torchrun starts them: one GPU each, or CPUs over gloo."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Ranks:
    """This process among `world`; `local_rank` counts on this machine."""

    rank: int = 0
    local_rank: int = 0
    world: int = 1

    @property
    def is_first(self) -> bool:
        return self.rank == 0


def read_ranks() -> Ranks:
    """From torchrun's environment; a single process without it."""
    names = ("RANK", "LOCAL_RANK", "WORLD_SIZE")
    rank, local_rank, world = (int(os.environ.get(name, "0")) for name in names)
    return Ranks(rank, local_rank, max(1, world))


@contextmanager
def join_group(device: torch.device) -> Iterator[Ranks]:
    """Joins the processes torchrun started, over NCCL on GPUs, else gloo; alone, does nothing."""
    ranks = read_ranks()
    if ranks.world == 1:
        yield ranks
        return
    backend = "nccl" if device.type == "cuda" else "gloo"
    distributed.init_process_group(backend)
    try:
        yield ranks
    finally:
        distributed.destroy_process_group()


def wrap_network(network: nn.Module, ranks: Ranks) -> nn.Module:
    """The network as all ranks train it; its parameters and state keys stay its own.

    ValueError for batch norm in training mode without GPUs: SyncBatchNorm needs them.
    """
    if ranks.world == 1:
        return network
    on_gpu = next(network.parameters()).is_cuda
    if _has_training_batch_norm(network):
        if not on_gpu:
            raise ValueError("batch norm over several processes needs GPUs (SyncBatchNorm)")
        network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    return DistributedDataParallel(network, [ranks.local_rank] if on_gpu else None)


def _has_training_batch_norm(network: nn.Module) -> bool:
    norms = (m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm))
    return any(norm.training for norm in norms)


def average_gradients(parameters: Iterable[nn.Parameter], ranks: Ranks) -> None:
    """Replaces each gradient by its mean over the ranks."""
    if ranks.world == 1:
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])  # [P]
    distributed.all_reduce(flat)
    flat /= ranks.world
    parts = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def average_values(values: Mapping[str, Tensor], ranks: Ranks) -> dict[str, float]:
    """Scalars as numbers, in one transfer from the device; means over the ranks."""
    if not values:
        return {}
    stacked = torch.stack([value.detach().double() for value in values.values()])  # [K]
    if ranks.world > 1:
        distributed.all_reduce(stacked)
        stacked /= ranks.world
    return dict(zip(values, stacked.tolist(), strict=True))


def sum_values(
    values: Mapping[str, float], ranks: Ranks, *, device: torch.device
) -> dict[str, float]:
    """Sums over the ranks, e.g. of errors and counts in validation."""
    tensors = {n: torch.tensor(v, dtype=torch.float64, device=device) for n, v in values.items()}
    return {name: mean * ranks.world for name, mean in average_values(tensors, ranks).items()}


def agree_any(flag: bool, ranks: Ranks, *, device: torch.device) -> bool:
    """True for all ranks if it is true for one."""
    if ranks.world == 1:
        return flag
    flags = torch.tensor(int(flag), device=device)
    distributed.all_reduce(flags, distributed.ReduceOp.MAX)
    return bool(flags.item())


def wait_for_all(ranks: Ranks) -> None:
    if ranks.world > 1:
        distributed.barrier()


def broadcast_weights(networks: Iterable[nn.Module], ranks: Ranks) -> None:
    """Gives every rank the first one's parameters and buffers."""
    if ranks.world > 1:
        for network in networks:
            for tensor in network.state_dict().values():
                distributed.broadcast(tensor, 0)
