"""What the flows that train share: one run at a time, and its figures as an artifact."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from prefect import Task
from prefect.artifacts import create_table_artifact

from flows._process import is_rank, lock_stage
from flows._shards import code_of, name_artifact
from flows._torchrun import must_lock, read_metrics, run_processes
from tasks.params import RunParams, read_params
from tasks.training.distributed import join_group, read_ranks
from tasks.training.precision import choose_device

logger = logging.getLogger("flows.train")


def run_training(
    unit: Task[..., dict[str, float]],
    *,
    inputs: Mapping[str, Path],
    out: Path,
    options: Sequence[str] = (),
    **sections: Any,
) -> None:
    """Runs a training task; `inputs` are folders by the task's parameter names, in the order of the
    stage's command line, `options` what that had besides, `sections` parts of params.yaml."""
    stage, run = unit.fn.__module__.rpartition(".")[2], read_params().run
    values = {**inputs, "out": out, "code": code_of(unit), "run": run, **sections}
    if is_rank():
        _run_rank(stage, unit, values, out=out, run=run)
        return
    with lock_stage(stage, out=out):
        if run.training_processes == 1:
            metrics = unit(**values)
        else:
            arguments: list[str | Path] = [*inputs.values(), out, *options]
            run_processes(stage, arguments, num_processes=run.training_processes)
            metrics = read_metrics(out)
    logger.info("%s: %s", out.name, ", ".join(f"{k} {v:.3g}" for k, v in metrics.items()))
    create_table_artifact(
        [{"metric": name, "value": value} for name, value in metrics.items()],
        key=name_artifact(stage),
        description=f"{stage}: weights, logs and pictures are in {out}",
    )


def _run_rank(
    stage: str,
    unit: Task[..., dict[str, float]],
    arguments: Mapping[str, Any],
    *,
    out: Path,
    run: RunParams,
) -> None:
    """One process of several."""
    device = choose_device(run.device, local_rank=read_ranks().local_rank)
    with (
        join_group(device) as ranks,
        lock_stage(stage, out=out) if must_lock(ranks) else nullcontext(),
    ):
        unit.fn(**arguments)
