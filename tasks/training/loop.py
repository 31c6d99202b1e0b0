"""What all runs share: logs, checkpoints, validation, pictures, and the ways to end early."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from tasks.data.orders import build_generator
from tasks.training.checkpoint import (
    Progress,
    Trained,
    list_checkpoints,
    remove_old,
    restore,
    write_checkpoint,
)
from tasks.training.distributed import Ranks, agree_any, average_values
from tasks.training.interrupts import Interrupted, watch_sigterm
from tasks.training.logs import CsvLog, check_finite
from tasks.training.pictures import build_grid, write_png

logger = logging.getLogger(__name__)

DIVERGENCE_FACTOR = 10.0  # times the first logged loss, chosen
AGREE_EVERY = 10  # steps between two questions to all ranks whether one was told to stop


@dataclass(frozen=True)
class RunSettings:
    """How long a run is and what it leaves in `folder`; all `..._every` count steps, 0 is never.

    Lines and bar begin with `name`: others may train beside it.
    """

    folder: Path
    num_steps: int
    name: str = "training"
    log_every: int = 100
    save_every: int = 1000
    validate_every: int = 0
    draw_every: int = 0
    keep_last: int = 3
    keep_steps: frozenset[int] = frozenset()
    divergence_factor: float = DIVERGENCE_FACTOR

    def __post_init__(self) -> None:
        for name in ("num_steps", "log_every", "keep_last"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"


@dataclass(frozen=True)
class Hooks:
    """`validate` returns figures for validation.csv, on every rank; `draw` pictures [N, 3, H, W] in
    [0, 1] for pictures/, on the first rank."""

    validate: Callable[[], Mapping[str, float]] | None = None
    draw: Callable[[], Tensor] | None = None


@dataclass(frozen=True)
class Run:
    """A run; `params` is what its result follows from, and what a checkpoint must agree with."""

    trained: Trained
    settings: RunSettings
    params: Mapping[str, Any]
    device: torch.device
    ranks: Ranks = field(default_factory=Ranks)
    hooks: Hooks = field(default_factory=Hooks)

    def open_log(self, name: str) -> CsvLog:
        return CsvLog(self.settings.folder / f"{name}.csv")


@dataclass(frozen=True)
class StepValues:
    """What a step gives to log: scalars on the device, "loss" among `losses`.

    `gradients` are norms, logged where there are any; `wait_s` was spent waiting for data.
    """

    losses: Mapping[str, Tensor]
    rate: float
    num_samples: int
    gradients: Mapping[str, Tensor] = field(default_factory=dict)
    wait_s: float = 0.0


class Diverged(RuntimeError):
    """Training cannot go on; the message names the last good checkpoint."""


@dataclass
class Clock:
    """Seconds, and samples, since the last row of timing.csv."""

    start: float = field(default_factory=time.perf_counter)
    wait_s: float = 0.0
    num_samples: int = 0

    def take(self) -> dict[str, float]:
        elapsed = time.perf_counter() - self.start
        row = {"samples_per_s": self.num_samples / elapsed, "wait_share": self.wait_s / elapsed}
        self.start, self.wait_s, self.num_samples = time.perf_counter(), 0.0, 0
        return row


def resume(run: Run) -> Progress:
    """Restores the last checkpoint, or starts from nothing; removes log rows after it."""
    run.settings.folder.mkdir(parents=True, exist_ok=True)
    checkpoints = list_checkpoints(run.settings.checkpoints)
    progress = Progress()
    if checkpoints:
        path = list(checkpoints.values())[-1]
        progress = restore(path, run.trained, params=run.params)
        logger.info("resuming from %s", path)
    if run.ranks.is_first:
        for name in ("training", "gradients", "validation", "timing"):
            run.open_log(name).cut(progress.step)
    elif checkpoints:  # which hold the first rank's generators: the others' must not be equal
        torch.manual_seed(build_generator(progress.step, run.ranks.rank).initial_seed())
    return progress


def run_steps(run: Run, take_step: Callable[[int], StepValues], *, progress: Progress) -> None:
    """Takes steps until `num_steps`; ends with a checkpoint.

    Raises Interrupted on SIGTERM, after a checkpoint, and Diverged for a loss that is not finite or
    far above the first one logged.
    """
    settings, clock = run.settings, Clock()
    shown = None if run.ranks.is_first else True  # None: only on a terminal
    bar = tqdm(
        total=settings.num_steps,
        initial=progress.step,
        desc=settings.name,
        disable=shown,
        unit="step",
    )
    with watch_sigterm() as stop, bar:
        while progress.step < settings.num_steps:
            values = take_step(progress.step)
            progress.step += 1
            progress.meter.add(values.losses)
            clock.wait_s += values.wait_s
            clock.num_samples += values.num_samples
            bar.update()
            _write_logs(run, progress, values=values, clock=clock, bar=bar)
            _call_hooks(run, progress.step)
            _save_when_due(run, progress, stopping=_must_stop(run, progress.step, stop.is_set()))


def _is_due(run: Run, step: int, every: int) -> bool:
    return every > 0 and (step % every == 0 or step == run.settings.num_steps)


def _must_stop(run: Run, step: int, told: bool) -> bool:
    if run.ranks.world > 1 and step % AGREE_EVERY:
        return False
    return agree_any(told, run.ranks, device=run.device) and step < run.settings.num_steps


def _write_logs(
    run: Run, progress: Progress, *, values: StepValues, clock: Clock, bar: "tqdm[Any]"
) -> None:
    if values.gradients:
        norms = average_values(values.gradients, run.ranks)
        _append(run, "gradients", step=progress.step, row=norms)
    if not _is_due(run, progress.step, run.settings.log_every):
        return
    means = progress.meter.take(run.ranks)
    _check_loss(run, progress, means)
    _append(run, "training", step=progress.step, row={"rate": values.rate, **means})
    timing = clock.take()
    _append(run, "timing", step=progress.step, row=timing)
    bar.set_postfix(loss=f"{means['loss']:.4g}")
    if bar.disable and run.ranks.is_first:
        _log_line(run, progress.step, loss=means["loss"], timing=timing, values=values)


def _log_line(
    run: Run, step: int, *, loss: float, timing: Mapping[str, float], values: StepValues
) -> None:
    per_s = timing["samples_per_s"]
    left_s = (run.settings.num_steps - step) * values.num_samples / per_s if per_s else 0.0
    logger.info(
        "%s: step %d of %d: loss %.4g, %.1f samples/s, %.0f %% waiting for data, %s left",
        *(run.settings.name, step, run.settings.num_steps),
        *(loss, per_s, 100 * timing["wait_share"]),
        timedelta(seconds=round(left_s)),
    )


def _append(run: Run, name: str, *, step: int, row: Mapping[str, float]) -> None:
    if run.ranks.is_first:
        run.open_log(name).append(step, row)


def _check_loss(run: Run, progress: Progress, means: Mapping[str, float]) -> None:
    bad = [f"{name} is {mean}" for name, mean in means.items() if not abs(mean) < float("inf")]
    first = progress.first_loss
    limit = run.settings.divergence_factor * first if first and first > 0 else float("inf")
    if not bad and means["loss"] > limit:
        bad = [f"loss is {means['loss']:.4g}, it began with {first:.4g}"]
    if bad:
        raise Diverged(_describe_end(run, progress.step, "; ".join(bad)))
    progress.first_loss = means["loss"] if first is None else first


def _describe_end(run: Run, step: int, reason: str) -> str:
    good = list(list_checkpoints(run.settings.checkpoints).values())
    return f"training diverged by step {step}: {reason}; last good checkpoint: " + (
        str(good[-1]) if good else "none"
    )


def _call_hooks(run: Run, step: int) -> None:
    hooks, settings = run.hooks, run.settings
    if hooks.validate and _is_due(run, step, settings.validate_every):
        with torch.no_grad():
            _append(run, "validation", step=step, row=hooks.validate())
    if hooks.draw and run.ranks.is_first and _is_due(run, step, settings.draw_every):
        with torch.no_grad():
            grid = build_grid(hooks.draw())
        write_png(settings.folder / "pictures" / f"step-{step:08d}.png", grid)


def _save_when_due(run: Run, progress: Progress, *, stopping: bool) -> None:
    settings, step = run.settings, progress.step
    due = _is_due(run, step, settings.save_every) or step in settings.keep_steps
    if not (due or stopping or step == settings.num_steps):
        return
    for name, network in run.trained.networks.items():
        if bad := check_finite(network.state_dict()):
            raise Diverged(_describe_end(run, step, f"{name}.{bad[0]} is not finite"))
    if run.ranks.is_first:
        path = write_checkpoint(
            settings.checkpoints, run.trained, progress=progress, params=run.params
        )
        remove_old(
            settings.checkpoints, keep_last=settings.keep_last, keep_steps=settings.keep_steps
        )
        logger.debug("wrote %s", path)
    if stopping:
        raise Interrupted(list(list_checkpoints(settings.checkpoints).values())[-1])
