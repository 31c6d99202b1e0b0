"""A chain: stages, each as soon as all that it is made from is there."""

import logging
import os
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from graphlib import TopologicalSorter
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized

from prefect.runtime import flow_run

from flows._command import CHAIN, show_own_logs
from flows._process import start_worker
from flows._versions import read_graph, reproduce
from tasks.params import read_params

logger = logging.getLogger(__name__)
BAR_ROW = "TQDM_POSITION"


def run_chain(last: str | None = None) -> None:
    """Makes again whatever is stale of stage `last` and before it, `run.parallel_stages` at once;
    without `last` whatever is stale at all.

    RuntimeError for a stage that fails, after those that ran beside it have ended.
    """
    os.environ[CHAIN] = f"{flow_run.flow_name}/{flow_run.name}"
    graph = read_graph(last)
    at_once = read_params().run.parallel_stages
    if at_once > 1:
        _run_together(graph, at_once=at_once)
        return
    for name in graph:
        _tell(name, reproduce(name))


def _run_together(graph: Mapping[str, Sequence[str]], *, at_once: int) -> None:
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    ready, running = list[str](), dict[Future[bool], str]()
    context = get_context("spawn")  # this process has threads
    next_row = context.Value("i", 0)
    with ProcessPoolExecutor(
        at_once, mp_context=context, initializer=_start, initargs=(os.getpid(), next_row)
    ) as pool:
        while sorter.is_active():
            ready += sorter.get_ready()
            while ready and len(running) < at_once:  # what waits inside a pool cannot be stopped
                name = ready.pop(0)
                running[pool.submit(_reproduce, name)] = name
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                _tell(name, future.result())
                sorter.done(name)


def _tell(stage: str, made: bool) -> None:
    logger.info("%s: %s", stage, "made again" if made else "up to date")


def _start(parent: int, next_row: "Synchronized[int]") -> None:
    """A worker process: its stages' bars have a row of the terminal to themselves."""
    start_worker(parent)
    with next_row.get_lock():
        os.environ[BAR_ROW] = str(next_row.value)
        next_row.value += 1
    show_own_logs()


def _reproduce(stage: str) -> bool:
    """Ctrl-C ends the stage, not a worker that waits for one."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return reproduce(stage)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
