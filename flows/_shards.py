"""A stage over all shards: what to make, on how many processes, what came of it.

The only place that knows Prefect's fan-out.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

from prefect import Task
from prefect.artifacts import (
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.futures import PrefectFuture, as_completed
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner
from tqdm.auto import tqdm

from flows._cache import remove_altered, restore_shards
from flows._process import lock_stage, start_worker
from tasks.data.shards import (
    ShardResult,
    compute_key,
    list_shards,
    name_shard,
    read_key,
    remove_leftovers,
    shard_path,
)
from tasks.data.sources import hash_sources
from tasks.params import RunParams, read_params

logger = logging.getLogger(__name__)
LOCAL_CLUSTER = "local"  # as run.dask
PROGRESS_EVERY_S = 1.0  # a request to the server each time


class StageFailed(RuntimeError):
    """Some shards could not be made; those that could are kept."""


@dataclass(frozen=True)
class StageReport:
    """What a stage did: clips by outcome over the shards it made, and how many it left alone."""

    stage: str
    num_made: int
    num_unchanged: int
    counts: dict[str, int]


def run_stage(
    unit: Task[..., ShardResult],
    *,
    inputs: Mapping[str, Path],
    out: Path,
    key_parts: Mapping[str, Any],
    arguments: Mapping[str, Any] | None = None,
    is_done: Callable[[Path, str], bool] | None = None,
    key_name: str = "key",
    root: Path | None = None,
    on_cluster: bool = True,
) -> StageReport:
    """Makes every shard of `out` that is missing or was made from something else.

    `inputs` are folders of shards by the unit's parameter names; the first one says which shards
    there are. `key_parts` are JSON values a shard depends on besides its inputs; `key_name` is the
    key of the inputs that counts, where they have it; `root` is DVC's out where that is more than
    `out`; without `on_cluster` the stage stays on this machine whatever `run.dask` says.
    Raises StageFailed after all shards have ended, if any failed.
    """
    stage = unit.fn.__module__.rpartition(".")[2]
    with lock_stage(stage):
        out.mkdir(parents=True, exist_ok=True)
        remove_leftovers(root or out)
        keys = _compute_keys(inputs, key_parts, key_name)
        _remove_foreign(out, keys)
        remove_altered(out, root=root or out)
        done = is_done or (lambda path, key: read_key(path) == key)
        todo = {i: key for i, key in keys.items() if not done(shard_path(out, i), key)}
        for index in restore_shards(todo, out=out, root=root or out, is_done=done):
            logger.info("%s: from the cache", shard_path(out, index))
            del todo[index]
        calls = [
            {
                "index": index,
                "key": keys[index],
                "out": out,
                **inputs,
                **(arguments or {}),
            }
            for index in todo
        ]
        run = read_params().run
        run = run if on_cluster else replace(run, dask=None)
        return _finish(
            stage, _make(stage, unit, calls, run=run), num_unchanged=len(keys) - len(todo)
        )


def code_of(unit: Task[..., Any]) -> str:
    """Hash of the project's sources that a stage computes with."""
    return hash_sources(unit.fn.__module__)


def _compute_keys(
    inputs: Mapping[str, Path], key_parts: Mapping[str, Any], key_name: str
) -> dict[int, str]:
    first = next(iter(inputs.values()))
    shards = list_shards(first)
    if not shards:
        raise ValueError(f"{first}: no shards; run the stage that makes them first")
    return {
        index: compute_key(
            **key_parts,
            inputs={
                name: read_key(shard_path(folder, index), key_name)
                for name, folder in inputs.items()
            },
        )
        for index in shards
    }


def _remove_foreign(out: Path, keys: Mapping[int, str]) -> None:
    for index, path in list_shards(out).items():
        if index not in keys:
            logger.info("%s: its input is gone, removed", path)
            path.unlink()


def _make(
    stage: str, unit: Task[..., ShardResult], calls: list[dict[str, Any]], *, run: RunParams
) -> dict[int, ShardResult | BaseException]:
    if not calls:
        return {}
    results: dict[int, ShardResult | BaseException] = {}
    progress = create_progress_artifact(0.0, key=name_artifact(stage), description=stage)
    assert isinstance(progress, UUID)  # awaitable only inside an event loop
    told_at = monotonic()
    with tqdm(total=len(calls), desc=stage, unit="shard", disable=None) as bar:
        for index, result in _run_all(unit, calls, run=run):
            results[index] = result
            bar.update()
            if monotonic() - told_at >= PROGRESS_EVERY_S or len(results) == len(calls):
                update_progress_artifact(progress, 100 * len(results) / len(calls))
                told_at = monotonic()
    return results


def _run_all(
    unit: Task[..., ShardResult], calls: list[dict[str, Any]], *, run: RunParams
) -> Iterator[tuple[int, ShardResult | BaseException]]:
    """(shard, what came of it) as they end; one shard or worker needs no process of its own."""
    if run.dask is None and min(run.workers, len(calls)) == 1:
        for call in calls:
            state = unit(**call, return_state=True)
            yield call["index"], state.result(raise_on_failure=False)
        return
    with _open_runner(run) as runner:
        futures: dict[PrefectFuture[ShardResult], int] = {
            runner.submit(unit, parameters=call): call["index"] for call in calls
        }
        for future in as_completed(list(futures)):
            yield futures[future], future.result(raise_on_failure=False)


def _open_runner(run: RunParams) -> TaskRunner[Any]:
    """Processes of this machine, or a Dask cluster: this machine's own or one that runs."""
    if run.dask is None:
        return ProcessPoolTaskRunner(
            max_workers=run.workers, initializer=start_worker, initargs=(os.getpid(),)
        )
    # half a second that others need not wait for
    from prefect_dask.task_runners import DaskTaskRunner

    if run.dask != LOCAL_CLUSTER:
        return DaskTaskRunner(address=run.dask)
    return DaskTaskRunner(
        cluster_kwargs={
            "n_workers": run.workers,
            "threads_per_worker": 1,
            "dashboard_address": None,
            "preload": ["flows._process"],
        }
    )


def _finish(
    stage: str,
    results: Mapping[int, ShardResult | BaseException],
    *,
    num_unchanged: int,
) -> StageReport:
    counts: Counter[str] = Counter()
    failures = {i: error for i, error in results.items() if isinstance(error, BaseException)}
    for result in results.values():
        if isinstance(result, ShardResult):
            counts.update(result.counts)
    report = StageReport(stage, len(results) - len(failures), num_unchanged, dict(counts))
    logger.info("%s", summarise(report))
    _publish(report, results)
    if failures:
        lines = [f"{name_shard(i)}: {type(e).__name__}: {e}" for i, e in sorted(failures.items())]
        raise StageFailed(
            f"{stage}: {len(failures)} of {len(results)} shards failed\n" + "\n".join(lines)
        )
    return report


def summarise(report: StageReport) -> str:
    """One line a person can read."""
    clips = ", ".join(
        f"{n} {name}" for name, n in sorted(report.counts.items(), key=lambda c: (-c[1], c[0]))
    )
    made = f"{report.num_made} shards made ({clips})" if report.num_made else "nothing to make"
    return f"{report.stage}: {made}, {report.num_unchanged} unchanged"


def name_artifact(name: str) -> str:
    return name.replace("_", "-")


def _publish(report: StageReport, results: Mapping[int, ShardResult | BaseException]) -> None:
    if not results:
        return
    table = [
        {"shard": name_shard(i), "seconds": f"{r.seconds:.2f}", **r.counts}
        if isinstance(r, ShardResult)
        else {"shard": name_shard(i), "error": str(r)}
        for i, r in sorted(results.items())
    ]
    create_table_artifact(
        table,
        key=name_artifact(f"{report.stage}_shards"),
        description=summarise(report),
    )
