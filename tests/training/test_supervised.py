import csv
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tasks.data.datasets import build_pairs_dataset
from tasks.data.streams import Batch, Stream, open_batches
from tasks.training.checkpoint import Trained
from tasks.training.interrupts import Interrupted
from tasks.training.loop import Run
from tasks.training.optimisers import build_adam, build_sgd, decay_every
from tasks.training.precision import choose_precision
from tasks.training.supervised import (
    Recipe,
    StepLosses,
    compute_term_norms,
    train_supervised,
)

StartRun = Callable[..., Run]
CPU = choose_precision("cpu")
INPUTS = 12


def compute_losses(network: nn.Module, batch: Batch, *, num_inputs: int = INPUTS) -> StepLosses:
    inputs = batch["spectrogram"].float().flatten(1)[:, :num_inputs]  # [B, 12]
    with CPU.autocast():
        output = network(inputs)
    errors = output.float() - batch["face_feature"]
    terms = {"l2": errors.square().sum(1).mean(), "l1": 0.1 * errors.abs().sum(1).mean()}
    return StepLosses(terms, output=output, metrics={"largest": errors.detach().abs().max()})


def build_noisy() -> nn.Module:
    """Batch norm and dropout: buffers and the global generator have to come back too."""
    torch.manual_seed(1)
    layers = (nn.Linear(INPUTS, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3))
    return nn.Sequential(*layers)


def build_plain() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(INPUTS, 8), nn.ReLU(), nn.Linear(8, 3))


def open_pairs(
    folder: Path, start: int, *, batch_size: int = 4, num_workers: int = 0
) -> Iterator[Batch]:
    dataset = build_pairs_dataset(folder, Stream(batch_size, seed=2, buffer_rows=8), dimension=3)
    return open_batches(dataset, start=start, num_workers=num_workers)


def train(
    pairs: Path,
    start_run: StartRun,
    *,
    name: str,
    losses: Any = compute_losses,
    num_workers: int = 0,
    **options: Any,
) -> tuple[nn.Module, dict[str, str]]:
    """Weights and logs of a run of the noisy network."""
    network = build_noisy()
    adam = build_adam(network.parameters(), rate=1e-2)
    run = start_run(Trained({"net": network}, {"net": adam}), name, **options)
    train_supervised(
        network,
        adam,
        run=run,
        compute_losses=losses,
        open_batches=partial(open_pairs, pairs, num_workers=num_workers),
        precision=CPU,
        recipe=Recipe(schedule=decay_every(0.5, steps=7), gradients_every=4, max_norm=5.0),
    )
    logs = ("training", "gradients")
    return network, {log: (run.settings.folder / f"{log}.csv").read_text() for log in logs}


class Stopper:
    """Tells the process to stop in its tenth step."""

    def __init__(self) -> None:
        self.num_calls = 0

    def __call__(self, network: nn.Module, batch: Batch) -> StepLosses:
        self.num_calls += 1
        if self.num_calls == 10:
            os.kill(os.getpid(), signal.SIGTERM)
        return compute_losses(network, batch)


@pytest.mark.parametrize("num_workers", [0, 2])
def test_resumed_run_is_the_straight_one(
    pairs: Path, start_run: StartRun, num_workers: int
) -> None:
    straight, expected = train(pairs, start_run, name="straight")
    options: dict[str, Any] = {"name": "stopped", "num_workers": num_workers}
    with pytest.raises(Interrupted) as caught:
        train(pairs, start_run, losses=Stopper(), **options)
    assert caught.value.checkpoint.name == "step-00000010.pt"
    torch.rand(5)  # the new process's generators stand elsewhere
    resumed, logs = train(pairs, start_run, **options)
    assert logs == expected
    for key, value in straight.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_killed_run_goes_on_from_its_last_checkpoint(pairs: Path, start_run: StartRun) -> None:
    straight, expected = train(pairs, start_run, name="straight")
    calls = iter(range(20))

    def die(network: nn.Module, batch: Batch) -> StepLosses:
        if next(calls) == 13:
            raise MemoryError("killed")
        return compute_losses(network, batch)

    with pytest.raises(MemoryError):
        train(pairs, start_run, name="killed", losses=die, save_every=8)
    resumed, logs = train(pairs, start_run, name="killed", save_every=8)
    assert logs == expected
    for key, value in straight.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_it_learns(pairs: Path, start_run: StartRun) -> None:
    """Least squares give the features exactly; a linear network has to come near."""
    torch.manual_seed(1)
    network = nn.Linear(2 * 257, 3)
    adam = build_adam(network.parameters(), rate=2e-3)
    run = start_run(Trained({"net": network}, {"net": adam}), num_steps=150, log_every=50)
    train_supervised(
        network,
        adam,
        run=run,
        compute_losses=partial(compute_losses, num_inputs=2 * 257),
        open_batches=partial(open_pairs, pairs),
        precision=CPU,
        recipe=Recipe(),
    )
    rows = list(csv.DictReader((run.settings.folder / "training.csv").open()))
    assert list(rows[0]) == ["step", "rate", "loss", "l2", "l1", "largest"]
    assert float(rows[-1]["loss"]) < 0.1 * float(rows[0]["loss"])


def test_checkpoint_of_changed_parameters_is_refused(pairs: Path, start_run: StartRun) -> None:
    train(pairs, start_run, name="run", num_steps=4)
    with pytest.raises(ValueError, match="seed: 0 then, 1 now"):
        train(pairs, start_run, name="run", params={"seed": 1})


def test_accumulated_batches_are_one_larger_batch(pairs: Path, start_run: StartRun) -> None:
    weights = []
    for batch_size, accumulate in ((8, 1), (4, 2)):
        network = build_plain()
        sgd = build_sgd(network.parameters())
        train_supervised(
            network,
            sgd,
            run=start_run(Trained({"net": network}, {"net": sgd}), str(batch_size), num_steps=6),
            compute_losses=lambda n, b: StepLosses({"l2": compute_losses(n, b).terms["l2"]}),
            open_batches=partial(open_pairs, pairs, batch_size=batch_size),
            precision=CPU,
            recipe=Recipe(accumulate=accumulate, max_norm=0.1),
        )
        weights.append(torch.cat([p.flatten() for p in network.parameters()]))
    torch.testing.assert_close(*weights, rtol=1e-4, atol=1e-6)


def test_term_norms_are_those_of_the_formula() -> None:
    output = torch.tensor([[1.0, -2.0], [0.5, 3.0]], requires_grad=True)
    terms = {"l2": output.square().sum(), "l1": 0.1 * output.abs().sum(), "none": torch.tensor(1.0)}
    terms["none"] = terms["none"].requires_grad_()
    norms = compute_term_norms(StepLosses(terms, output=output))
    assert float(norms["l2"]) == pytest.approx(2 * (1 + 4 + 0.25 + 9) ** 0.5)
    assert float(norms["l1"]) == pytest.approx(0.1 * 4**0.5)
    assert float(norms["none"]) == 0
