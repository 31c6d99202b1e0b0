"""What DVC knows: which stages are stale, and making them again. The only place that knows DVC."""

import logging
import os
import shlex
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import networkx
import yaml
from botocore.exceptions import BotoCoreError
from dvc.exceptions import DvcException
from dvc.repo import Repo

from flows._process import STARTER

logger = logging.getLogger(__name__)
# It lists processes that were killed: what they held is free, and there is nothing to do.
logging.getLogger("dvc.rwlock").setLevel(logging.ERROR)
RWLOCK, DVC_LOCK, LOCK_WAIT_S = Path(".dvc/tmp/rwlock"), Path("dvc.lock"), 1.0


def reproduce(stage: str) -> bool:
    """Runs one stage if it is stale; True if it ran.

    Exactly as `dvc --wait-for-lock repro --single-item` does: others may run beside it.
    """
    remove_broken_locks()
    os.environ[STARTER] = str(os.getpid())
    with Repo(Path.cwd(), _wait_for_lock=True) as repo:
        try:
            return bool(repo.reproduce(stage, single_item=True))
        except DvcException as error:
            raise RuntimeError(f"stage {stage} did not end well: {error}") from error


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


def read_graph(last: str | None = None) -> dict[str, list[str]]:
    """The stages that `last` is made from, itself last, in an order in which they can run; with
    each those that it is made from directly. Without `last`: all stages of all dvc.yaml files."""
    with Repo(Path.cwd()) as repo:
        graph = repo.index.graph
        source = None if last is None else repo.stage.collect(last)[0]
        return {
            stage.addressing: [before.addressing for before in graph.successors(stage)]
            for stage in networkx.dfs_postorder_nodes(graph, source)
        }


def list_upstream(stage: str) -> list[str]:
    return list(read_graph(stage))


def find_stale(stages: Sequence[str]) -> dict[str, list[str]]:
    """What changed since they ran, by stage; {} where all are up to date."""
    remove_broken_locks()
    with Repo(Path.cwd()) as repo:
        return {
            stage: sorted(_list_changes(changes))
            for stage, changes in repo.status(targets=list(stages)).items()
        }


def _list_changes(changes: Iterable[Any]) -> Iterator[str]:
    """DVC says {"changed deps": {path: how}}, or a word."""
    for change in changes:
        if not isinstance(change, dict):
            yield str(change)
            continue
        for paths in change.values():
            yield from (paths if isinstance(paths, dict) else [str(paths)])


def commit_stage(stage: str) -> None:
    """Takes what lies there for the stage's result, as `dvc commit --force` does."""
    with Repo(Path.cwd()) as repo:
        repo.commit(stage, force=True)


def checkout_stage(stage: str) -> None:
    """Puts back what the stage made last."""
    with Repo(Path.cwd()) as repo:
        repo.checkout(targets=[stage], force=True)


def push(stages: Sequence[str], remote: str) -> int:
    """Pushes what these stages made; how many files went."""
    with Repo(Path.cwd()) as repo:
        try:
            return int(repo.push(targets=list(stages), remote=remote))
        except DvcException as error:
            raise RuntimeError(f"DVC remote {remote!r}: {error}") from error


def fetch_out(path: Path, *, tag: str, out: Path) -> None:
    """Writes a stage's out as it was at a tag, from the cache or a remote.

    RuntimeError where neither has it.
    """
    if out.exists():
        shutil.rmtree(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        Repo.get(str(Path.cwd()), str(path), out=str(out), rev=tag)
    except (DvcException, FileNotFoundError) as error:
        raise RuntimeError(f"{path} at {tag}: {error}") from error


def read_command(stage: str) -> list[str]:
    """Words of a stage's command."""
    with Repo(Path.cwd()) as repo:
        (found,) = repo.stage.collect(stage)
        return shlex.split(str(found.cmd))


def read_lock(text: str) -> dict[str, Any]:
    """Stages of a dvc.lock."""
    stages: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)["stages"]
    return stages


def read_hashes(text: str) -> dict[str, str]:
    """DVC's hash of every out in a dvc.lock, by path."""
    return {out["path"]: out["md5"] for stage in read_lock(text).values() for out in stage["outs"]}


def replace_in_lock(stages: Mapping[str, Any]) -> None:
    """Puts these stages into dvc.lock as they are given; the others stay."""
    content = yaml.load(DVC_LOCK.read_bytes(), Loader=yaml.CSafeLoader)
    content["stages"].update(stages)
    temporary = DVC_LOCK.with_name(".dvc.lock.tmp")
    temporary.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    temporary.replace(DVC_LOCK)


def list_remotes() -> list[str]:
    with Repo(Path.cwd()) as repo:
        return list(repo.config["remote"])


def try_remote(name: str) -> str | None:
    """What is wrong with a DVC remote; None where a small object can be written and deleted."""
    with Repo(Path.cwd()) as repo:
        try:
            base = repo.cloud.get_remote_odb(name=name)
            path = base.fs.join(base.path, f".doctor-{os.getpid()}")
            base.fs.makedirs(base.path)
            base.fs.pipe_file(path, b"1")
            base.fs.remove(path)
        except (DvcException, OSError, ValueError, BotoCoreError) as error:
            return f"{type(error).__name__}: {error}"
    return None
