"""A training stage on several processes of this machine, one GPU (or CPU thread) each.

`run.training_processes` above 1 makes a stage start torchrun on its own command; the processes run
the same verb without Prefect. torchrun may be called by hand just as well, on several machines too:
`torchrun --nproc-per-node 8 -m flows.train_speech2face data/shards …`.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from flows._process import die_with_parent
from tasks.training.distributed import Ranks
from tasks.training.interrupts import EXIT_INTERRUPTED, watch_sigterm
from tasks.training.weights import CARD, read_card

HELD = "SPEECH_PORTRAITS_STAGE_HELD"  # the process that called torchrun has the stage's lock
POLL_S = 0.5


def must_lock(ranks: Ranks) -> bool:
    """Whether this process of torchrun locks the stage: the first, unless a stage called it."""
    return ranks.is_first and HELD not in os.environ


def run_processes(stage: str, arguments: Sequence[str | Path], *, num_processes: int) -> None:
    """Runs `python -m flows.<stage> ARGUMENTS` under torchrun to its end.

    SIGTERM is passed on, and the exit code then is that of an interrupted run. RuntimeError if a
    process fails.
    """
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(num_processes), "-m", f"flows.{stage}"]
    with watch_sigterm() as stop:
        process = subprocess.Popen(
            [*command, *map(str, arguments)],
            env=os.environ | {HELD: "1"},
            preexec_fn=die_with_parent,
        )
        told = False
        while process.poll() is None:
            if stop.wait(POLL_S) and not told:
                process.terminate()
                told = True
            elif told:
                process.wait()
    if told:
        raise SystemExit(EXIT_INTERRUPTED)
    if process.returncode:
        raise RuntimeError(f"{stage}: a training process failed (torchrun: {process.returncode})")


def read_metrics(out: Path) -> dict[str, float]:
    """What the processes measured: every card below `out` says the same."""
    card = min(out.rglob(CARD), key=lambda path: len(path.parts))
    return dict(read_card(card.parent).metrics)
