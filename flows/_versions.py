"""What DVC knows: which stages are stale, and making them again. The only place that knows DVC."""

import json
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.repo import Repo
from prefect.runtime import flow_run

logger = logging.getLogger(__name__)
CHAIN = "SPEECH_PORTRAITS_CHAIN"
RWLOCK, RWLOCK_WAIT_S = Path(".dvc/tmp/rwlock"), 1.0


def reproduce(stage: str) -> bool:
    """Runs one stage if it is stale, exactly as `dvc repro --single-item` does; True if it ran."""
    remove_broken_lock()
    os.environ[CHAIN] = f"{flow_run.flow_name}/{flow_run.name}"
    with Repo(Path.cwd()) as repo:
        try:
            made = repo.reproduce(stage, single_item=True)
        except DvcException as error:
            raise RuntimeError(f"stage {stage} did not end well: {error}") from error
    logger.info("%s: %s", stage, "made again" if made else "up to date")
    return bool(made)


def remove_broken_lock() -> None:
    """Removes DVC's list of who reads and writes what if a killed process left half of it.

    DVC does not, and refuses to start. Another one may be writing it just now, hence the wait.
    """
    if _is_broken(RWLOCK):
        time.sleep(RWLOCK_WAIT_S)
        if _is_broken(RWLOCK):
            logger.warning("%s: half written by a killed process, removed", RWLOCK)
            RWLOCK.unlink()


def _is_broken(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except ValueError:
        return True
    return False


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
