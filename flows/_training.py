"""What the flows that train share: one run at a time, and its figures as an artifact."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect import Task
from prefect.artifacts import create_table_artifact

from flows._process import lock_stage
from flows._shards import code_of, name_artifact
from tasks.params import read_params


def run_training(
    unit: Task[..., dict[str, float]], *, inputs: Mapping[str, Path], out: Path, **sections: Any
) -> None:
    """Runs a training task; `inputs` are folders by the task's parameter names, `sections` parts
    of params.yaml."""
    stage = unit.fn.__module__.rpartition(".")[2]
    with lock_stage(stage):
        metrics = unit(**inputs, out=out, code=code_of(unit), run=read_params().run, **sections)
    create_table_artifact(
        [{"metric": name, "value": value} for name, value in metrics.items()],
        key=name_artifact(stage),
        description=f"{stage}: weights, logs and pictures are in {out}",
    )
