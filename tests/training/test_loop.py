import csv
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tasks.training.checkpoint import Progress, Trained, list_checkpoints
from tasks.training.interrupts import Interrupted
from tasks.training.loop import Diverged, Hooks, Run, RunSettings, StepValues, resume, run_steps

StartRun = Callable[..., Run]


def read_rows(run: Run, name: str) -> list[dict[str, str]]:
    with (run.settings.folder / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def give_losses(losses: list[float]) -> Callable[[int], StepValues]:
    return lambda step: StepValues({"loss": torch.tensor(losses[step])}, rate=0.5, num_samples=4)


@pytest.fixture
def trained(linear: nn.Linear) -> Trained:
    return Trained({"net": linear}, {"net": torch.optim.SGD(linear.parameters(), lr=0.1)})


def test_rows_hold_means_and_timing(start_run: StartRun, trained: Trained) -> None:
    run = start_run(trained, num_steps=5, log_every=2)
    run_steps(run, give_losses([1, 2, 3, 4, 5]), progress=resume(run))
    rows = read_rows(run, "training")
    assert [(row["step"], float(row["loss"])) for row in rows] == [("2", 1.5), ("4", 3.5), ("5", 5)]
    assert {row["rate"] for row in rows} == {"0.5"}
    assert all(float(row["samples_per_s"]) > 0 for row in read_rows(run, "timing"))


def test_hooks_are_called_when_due(start_run: StartRun, trained: Trained) -> None:
    hooks = Hooks(validate=lambda: {"top1": 0.5}, draw=lambda: torch.zeros(2, 3, 4, 4))
    run = start_run(trained, num_steps=5, validate_every=2, draw_every=4, hooks=hooks)
    run_steps(run, give_losses([1] * 5), progress=resume(run))
    assert [row["step"] for row in read_rows(run, "validation")] == ["2", "4", "5"]
    pictures = sorted(p.name for p in (run.settings.folder / "pictures").iterdir())
    assert pictures == ["step-00000004.png", "step-00000005.png"]


def test_checkpoints_are_kept_as_asked(start_run: StartRun, trained: Trained) -> None:
    run = start_run(
        trained, num_steps=9, save_every=2, keep_last=2, keep_steps=frozenset({3}), log_every=9
    )
    run_steps(run, give_losses([1] * 9), progress=resume(run))
    assert list(list_checkpoints(run.settings.checkpoints)) == [3, 8, 9]


def test_a_finished_run_has_nothing_to_do(start_run: StartRun, trained: Trained) -> None:
    run = start_run(trained, num_steps=3)
    run_steps(run, give_losses([1] * 3), progress=resume(run))
    run_steps(run, give_losses([]), progress=resume(run))
    assert len(read_rows(run, "training")) == 1


def test_sigterm_leaves_a_checkpoint_and_an_exit_code(
    start_run: StartRun, trained: Trained
) -> None:
    run = start_run(trained, num_steps=9)

    def take_step(step: int) -> StepValues:
        if step == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return StepValues({"loss": torch.tensor(1.0)}, rate=1, num_samples=1)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted) as caught:
        run_steps(run, take_step, progress=resume(run))
    assert caught.value.code == 143
    assert caught.value.checkpoint == run.settings.checkpoints / "step-00000004.pt"
    assert resume(run).step == 4
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_losses_that_are_not_finite_stop(start_run: StartRun, trained: Trained, bad: float) -> None:
    run = start_run(trained, num_steps=9, log_every=1, save_every=2)
    message = rf"by step 6: loss is {bad}; last good checkpoint: .*step-00000004.pt"
    with pytest.raises(Diverged, match=message):
        run_steps(run, give_losses([1] * 5 + [bad] * 4), progress=resume(run))


def test_losses_that_grow_without_end_stop(start_run: StartRun, trained: Trained) -> None:
    run = start_run(trained, log_every=1)
    with pytest.raises(Diverged, match="loss is 41, it began with 4; last good checkpoint: none"):
        run_steps(run, give_losses([4, 39, 3, 41]), progress=resume(run))


def test_bad_weights_are_never_saved(
    start_run: StartRun, trained: Trained, linear: nn.Linear
) -> None:
    run = start_run(trained, num_steps=9, save_every=2)

    def take_step(step: int) -> StepValues:
        if step == 3:
            nn.init.constant_(linear.bias, torch.nan)
        return StepValues({"loss": torch.tensor(1.0)}, rate=1, num_samples=1)

    with pytest.raises(Diverged, match=r"net.bias is not finite.*step-00000002.pt"):
        run_steps(run, take_step, progress=resume(run))
    assert list(list_checkpoints(run.settings.checkpoints)) == [2]


@pytest.mark.parametrize("name", ["num_steps", "log_every", "keep_last"])
def test_settings_out_of_range_are_refused(tmp_path: Path, name: str) -> None:
    values: dict[str, Any] = {"num_steps": 1} | {name: 0}
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        RunSettings(tmp_path, **values)


def test_a_fresh_run_starts_at_nothing(start_run: StartRun, trained: Trained) -> None:
    progress = resume(start_run(trained))
    assert (progress.step, progress.first_loss, progress.meter.count) == (0, None, 0)
    assert isinstance(progress, Progress)
