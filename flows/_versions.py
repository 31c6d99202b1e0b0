"""What DVC knows: which stages are stale, and making them again. The only place that knows DVC."""

import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from dvc.exceptions import DvcException
from dvc.repo import Repo
from prefect.runtime import flow_run

logger = logging.getLogger(__name__)
CHAIN = "SPEECH_PORTRAITS_CHAIN"
RWLOCK, DVC_LOCK, LOCK_WAIT_S = Path(".dvc/tmp/rwlock"), Path("dvc.lock"), 1.0


def reproduce(stage: str) -> bool:
    """Runs one stage if it is stale, exactly as `dvc repro --single-item` does; True if it ran."""
    remove_broken_locks()
    os.environ[CHAIN] = f"{flow_run.flow_name}/{flow_run.name}"
    with Repo(Path.cwd()) as repo:
        try:
            made = repo.reproduce(stage, single_item=True)
        except DvcException as error:
            raise RuntimeError(f"stage {stage} did not end well: {error}") from error
    logger.info("%s: %s", stage, "made again" if made else "up to date")
    return bool(made)


def remove_broken_locks() -> None:
    """Removes what a killed process left half written, with which DVC refuses to start: its list of
    who reads and writes what, and dvc.lock, without which stages find their shards by their keys.

    Another process may be writing just now, hence the wait.
    """
    for path in (RWLOCK, DVC_LOCK):
        if _is_broken(path):
            time.sleep(LOCK_WAIT_S)
            if _is_broken(path):
                logger.warning("%s: half written by a killed process, removed", path)
                path.unlink()


def _is_broken(path: Path) -> bool:
    try:
        content = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)  # JSON is YAML, too
    except FileNotFoundError:
        return False
    except yaml.YAMLError:
        return True
    return not isinstance(content, dict) or (path == DVC_LOCK and "schema" not in content)


def list_upstream(stage: str) -> Sequence[str]:
    """The stages that `stage` is made from, itself last, in an order in which they can run."""
    with Repo(Path.cwd()) as repo:
        (target,) = repo.stage.collect(stage)
        graph = repo.index.graph
        waiting, ordered = [target], list[Any]()
        while waiting:
            current = waiting.pop()
            ordered = [item for item in ordered if item is not current] + [current]
            waiting.extend(graph.successors(current))
        return [item.name for item in reversed(ordered)]
