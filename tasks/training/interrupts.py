"""SIGTERM ends a run between two steps, with a checkpoint."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

EXIT_INTERRUPTED = 128 + signal.SIGTERM  # what shells report of a process that SIGTERM ended


class Interrupted(SystemExit):
    """The run was told to stop and goes on from `checkpoint`; uncaught, the process exits 143."""

    def __init__(self, checkpoint: Path) -> None:
        super().__init__(EXIT_INTERRUPTED)
        self.checkpoint = checkpoint


@contextmanager
def watch_sigterm() -> Iterator[threading.Event]:
    """An event that SIGTERM sets.

    Only a process's main thread may handle signals: elsewhere the event is never set.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def note(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = signal.signal(signal.SIGTERM, note)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
