"""Training one network on a stream of batches by gradient descent."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from tasks.data.streams import Batch
from tasks.training.distributed import wrap_network
from tasks.training.loop import Run, StepValues, resume, run_steps
from tasks.training.optimisers import Schedule, compute_norm, hold_rate, set_rate
from tasks.training.precision import Precision, move_batch


@dataclass(frozen=True)
class StepLosses:
    """Weighted loss terms, float32 scalars whose sum is minimised.

    `output` is what the norms of the terms' gradients are taken at (SPEC 4.2: the predicted
    feature); `metrics` are logged only.
    """

    terms: Mapping[str, Tensor]
    output: Tensor | None = None
    metrics: Mapping[str, Tensor] = field(default_factory=dict)


# The network to call (several ranks wrap it) and a batch on the device, to losses.
ComputeLosses = Callable[[nn.Module, Batch], StepLosses]


@dataclass(frozen=True)
class Recipe:
    """`accumulate` batches make a step; norms are logged every `gradients_every` steps (0: never);
    gradients are scaled down to `max_norm` where they exceed it."""

    schedule: Schedule = field(default_factory=hold_rate)
    accumulate: int = 1
    gradients_every: int = 0
    max_norm: float | None = None


def train_supervised(
    network: nn.Module,
    optimiser: Optimizer,
    *,
    run: Run,
    compute_losses: ComputeLosses,
    open_batches: Callable[[int], Iterator[Batch]],
    precision: Precision,
    recipe: Recipe,
) -> None:
    """Trains from `run`'s last checkpoint on, where there is one.

    `open_batches(n)` opens the endless stream at its n-th batch. Raises as `run_steps` does.
    """
    progress = resume(run)
    called = wrap_network(network.train(), run.ranks)
    batches = open_batches(progress.step * recipe.accumulate)

    def take_step(step: int) -> StepValues:
        rate = set_rate(optimiser, recipe.schedule(step))
        every = recipe.gradients_every
        with_norms = every > 0 and (step + 1) % every == 0
        optimiser.zero_grad(set_to_none=True)
        values, norms, wait_s, size = _accumulate(
            called.train(),
            batches,
            compute_losses=compute_losses,
            precision=precision,
            num_parts=recipe.accumulate,
            with_norms=with_norms,
        )
        norms |= _limit_gradients(network, max_norm=recipe.max_norm, with_norms=with_norms)
        optimiser.step()
        return StepValues(values, rate, size * run.ranks.world, norms, wait_s)

    run_steps(run, take_step, progress=progress)


def _accumulate(
    network: nn.Module,
    batches: Iterator[Batch],
    *,
    compute_losses: ComputeLosses,
    precision: Precision,
    num_parts: int,
    with_norms: bool,
) -> tuple[dict[str, Tensor], dict[str, Tensor], float, int]:
    """Adds up the gradients of `num_parts` batches.

    Returns mean losses, the last batch's norms per term, seconds waited and samples of this rank.
    """
    parts: list[dict[str, Tensor]] = []
    norms: dict[str, Tensor] = {}
    wait_s, num_samples = 0.0, 0
    for part in range(num_parts):
        last = part == num_parts - 1
        start = time.perf_counter()
        batch = next(batches)
        wait_s += time.perf_counter() - start
        num_samples += count_samples(batch)
        with _hold_exchange(network, held=not last):
            losses = compute_losses(network, move_batch(batch, precision))
            total = torch.stack(list(losses.terms.values())).sum()
            if with_norms and last:
                norms = compute_term_norms(losses)
            (total / num_parts).backward()  # type: ignore[no-untyped-call]
        parts.append({"loss": total.detach(), **losses.terms, **losses.metrics})
    means = {name: torch.stack([part[name].detach() for part in parts]).mean() for name in parts[0]}
    return means, norms, wait_s, num_samples


def _hold_exchange(network: nn.Module, *, held: bool) -> AbstractContextManager[None]:
    """Between ranks, gradients are exchanged once a step."""
    if held and isinstance(network, DistributedDataParallel):
        return network.no_sync()
    return nullcontext()


def compute_term_norms(losses: StepLosses) -> dict[str, Tensor]:
    """Norm of each term's gradient at the batch's output, 0 for a term that does not reach it."""
    if losses.output is None:
        return {}
    norms = {}
    for name, term in losses.terms.items():
        (gradient,) = torch.autograd.grad(
            term, losses.output, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        norms[name] = gradient.float().norm()
    return norms


def _limit_gradients(
    network: nn.Module, *, max_norm: float | None, with_norms: bool
) -> dict[str, Tensor]:
    """Clips; returns the norm over all parameters where it is to be logged."""
    if max_norm is None and not with_norms:
        return {}
    gradients = [p.grad for p in network.parameters()]
    norm = compute_norm(gradients)
    if max_norm is not None:
        nn.utils.clip_grads_with_norm_(network.parameters(), max_norm, norm)
    return {"parameters": norm} if with_norms else {}


def count_samples(batch: Batch) -> int:
    return len(next(iter(batch.values())))
