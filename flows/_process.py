"""One stage, one process at a time: an OS lock per stage, and no work that outlives its parent."""

import ctypes
import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

LOCKS = Path("data/.locks")
STARTER = "SPEECH_PORTRAITS_STARTER"  # process that has DVC run a stage, set by it
PR_SET_PDEATHSIG = 1  # linux/prctl.h
THREAD_SETTINGS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    "OPENCV_FOR_THREADS_NUM",
)
ONE_THREAD = dict.fromkeys(THREAD_SETTINGS, "1")


@contextmanager
def lock_stage(stage: str, *, out: Path | None = None) -> Iterator[None]:
    """Holds the stage for this process; raises RuntimeError at once if another one has it.

    Stages of one name make different things at once: `out` says which.
    """
    if out is not None:
        stage = f"{stage} of {out}"
    LOCKS.mkdir(parents=True, exist_ok=True)
    with (LOCKS / stage.replace("/", ".")).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            raise RuntimeError(f"stage {stage} is already running (process {owner})") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def is_rank() -> bool:
    """True in a process that torchrun started: one of several of a training stage."""
    return "RANK" in os.environ


def die_with_parent(parent: int | None = None) -> None:
    """Asks the kernel to kill this process when the one that started it ends (Linux).

    Who knows the `parent` from elsewhere notices, too, that it has ended already.
    """
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid() if parent is None else parent
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def end_as_orphan() -> None:
    """Kills this process if the one that had DVC start it has ended since: a stage takes seconds to
    import what it needs, before it watches its parent, and the next run may have begun."""
    starter = os.environ.get(STARTER)
    if starter and int(starter) not in (process.pid for process in psutil.Process().parents()):
        os.kill(os.getpid(), signal.SIGKILL)


def start_worker(parent: int) -> None:
    """What every worker process does first: before, it takes seconds to import what it needs, and
    work may be waiting for it that a `parent` killed meanwhile has left behind."""
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def dask_setup(worker: object) -> None:
    """What every worker of this machine's Dask cluster does first: Dask calls it by this name."""
    die_with_parent()
