"""What the flows that evaluate and report share: one run at a time, and an artifact of its figures.

`run_evaluation(unit, inputs=…, out=…, params=…)`: `unit` returns the headline as a sentence.
`run_report(unit, inputs=…, out=…)`: `unit` returns the report's metrics.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from prefect import Task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from flows._process import lock_stage
from flows._shards import name_artifact

logger = logging.getLogger("flows.evaluate")

Metrics = TypeVar("Metrics", bound=Mapping[str, int | float])


def run_evaluation(
    unit: Task[..., str], *, inputs: Mapping[str, Path], out: Path, **sections: Any
) -> None:
    """Runs an evaluation; `inputs` are folders by the task's parameter names, `sections` parts of
    params.yaml."""
    stage = unit.fn.__module__.rpartition(".")[2]
    with lock_stage(stage, out=out):
        headline = unit(**inputs, out=out, **sections)
    logger.info("%s: %s", stage, headline)
    create_markdown_artifact(
        f"{headline}\n\nAll figures: `{out / 'scores.json'}`", key=name_artifact(stage)
    )


def run_report(
    unit: Task[..., Metrics],
    *,
    inputs: Mapping[str, Path],
    out: Path,
    **sections: Any,
) -> None:
    """Renders a report; its metrics and a link to its page stand as artifacts."""
    stage = unit.fn.__module__.rpartition(".")[2]
    with lock_stage(stage, out=out):
        metrics = unit(**inputs, out=out, **sections)
    page = out / "index.html"
    create_table_artifact(
        [{"metric": name, "value": value} for name, value in metrics.items()],
        key=name_artifact(stage),
        description=f"{stage}: the whole report is {page}",
    )
    create_link_artifact(
        page.resolve().as_uri(), page.as_posix(), key=f"{name_artifact(stage)}-page"
    )
