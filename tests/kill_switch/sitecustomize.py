"""On PYTHONPATH of a run under test: kills processes at a chosen moment, logs who wrote what.

Beside a copy of this file lie `plan.json` {"moment", "match", "skip", "victim"}, which is taken
away when it comes true, and `log`, a line "<stage process> <path>" per finished file.

Moments: `write` (a row group of a shard is written), `open`, `os.rename`, `os.link`, `os.remove`
(Python's audit events: the call is about to happen), `truncated` (a file was opened for writing),
`import` (a worker process that has not begun yet imports a module).
"""

import importlib.machinery
import json
import os
import signal
import sys
from types import ModuleType
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
PLAN, LOG = os.path.join(HERE, "plan.json"), os.path.join(HERE, "log")
IS_WORKER = "--multiprocessing-fork" in sys.orig_argv
OWNER = os.getppid() if IS_WORKER else os.getpid()
SHARDS = "tasks.data.shards"


def strike(moment: str, path: str) -> None:
    """Does what the plan says, once, if this is the moment."""
    try:
        with open(PLAN, encoding="utf-8") as file:
            plan = json.load(file)
    except (FileNotFoundError, ValueError):
        return
    if moment != plan["moment"] or plan["match"] not in path:
        return
    with open(f"{PLAN}.count", "a+", encoding="utf-8") as file:
        file.write("x")
        file.flush()
        if os.fstat(file.fileno()).st_size <= plan["skip"]:
            return
    try:
        os.rename(PLAN, f"{PLAN}.done")
    except FileNotFoundError:
        return
    if moment == "truncated":
        with open(path, "wb"):
            pass
    kill(plan["victim"])


def kill(victim: str) -> None:
    if victim == "group":
        os.killpg(0, signal.SIGKILL)
    pid = os.getpid()
    if victim in ("parent", "grandparent"):
        pid = os.getppid()
    if victim == "grandparent" and IS_WORKER:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            pid = int(file.read().rpartition(")")[2].split()[1])
    os.kill(pid, signal.SIGKILL)


def listen(event: str, args: tuple[Any, ...]) -> None:
    if event == "import" and IS_WORKER:
        strike(event, str(args[0]))
    if event not in ("open", "os.rename", "os.link", "os.remove"):
        return
    path = os.fsdecode(args[1 if event in ("os.rename", "os.link") else 0]) if is_path(args) else ""
    if not path or path.startswith(HERE):
        return
    if event == "os.rename" and path.endswith(".parquet") and "data/" in path:
        with open(LOG, "a", encoding="utf-8") as file:
            file.write(f"{OWNER} {path}\n")
    strike(event, path)
    if event == "open" and isinstance(args[1], str) and args[1].startswith("w"):
        strike("truncated", path)


def is_path(args: tuple[Any, ...]) -> bool:
    return all(isinstance(arg, str | bytes | os.PathLike) for arg in args[:1])


class ShardsFinder(importlib.machinery.PathFinder):
    """Finds tasks.data.shards and puts a moment behind each row group that it writes."""

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: ModuleType | None = None) -> Any:
        if name != SHARDS:
            return None
        spec = super().find_spec(name, path, target)
        assert spec is not None
        assert spec.loader is not None
        execute = spec.loader.exec_module

        def execute_and_patch(module: ModuleType) -> None:
            execute(module)
            add_moment(module.ShardWriter)

        spec.loader.exec_module = execute_and_patch  # type: ignore[method-assign]
        return spec


def add_moment(writer: Any) -> None:
    flush = writer._flush

    def flush_and_strike(self: Any) -> None:
        flush(self)
        strike("write", str(self._path))

    writer._flush = flush_and_strike


sys.meta_path.insert(0, ShardsFinder)
sys.addaudithook(listen)
