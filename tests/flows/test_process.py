import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows._process import lock_stage

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys, time
sys.path.insert(0, {root!r})
from flows._process import lock_stage
with lock_stage("find_speech"):
    print("held", flush=True)
    time.sleep(60)
"""
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {child!r}])
print(child.pid, flush=True)
child.wait()
"""
CHILD = """
import sys, time
sys.path.insert(0, {root!r})
from flows._process import die_with_parent
die_with_parent()
time.sleep(60)
"""


def test_a_stage_runs_once_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = HOLDER.format(root=str(ROOT))
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RuntimeError, match=rf"already running \(process {holder.pid}\)"):
            lock_stage("find_speech").__enter__()
        with lock_stage("align_faces"):
            pass
        holder.send_signal(signal.SIGKILL)
    with lock_stage("find_speech"):
        pass


def test_stages_of_one_name_make_two_things_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one, other = Path("data/weights/dimnet_i"), Path("data/weights/dimnet_g")
    with lock_stage("train_dimnet", out=one), lock_stage("train_dimnet", out=other):
        with pytest.raises(RuntimeError, match="train_dimnet of data/weights/dimnet_g is already"):
            lock_stage("train_dimnet", out=other).__enter__()
        with lock_stage("train_dimnet"):
            pass


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's part is Linux's")
def test_a_child_ends_with_its_parent() -> None:
    code = PARENT.format(child=CHILD.format(root=str(ROOT)))
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(1.0)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(child)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's part is Linux's")
def test_a_worker_whose_parent_is_gone_does_not_begin() -> None:
    code = "import os; from flows._process import start_worker; start_worker({}); print('begun')"
    command = [sys.executable, "-c"]
    gone = subprocess.run(
        [*command, code.format("os.getppid() + 1")], cwd=ROOT, stdout=subprocess.PIPE, check=False
    )
    assert (gone.returncode, gone.stdout) == (-signal.SIGKILL, b"")
    there = subprocess.run(
        [*command, code.format("os.getppid()")], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    assert there.stdout == b"begun\n"


# The worker of a chain starts a shell, as DVC does, which starts the stage.
STAGE = "import time; time.sleep(1); from flows._process import *; end_as_orphan(); print('begun')"
WORKER = """
import os, subprocess, sys
from flows._process import STARTER
os.environ[STARTER] = str(os.getpid())
subprocess.Popen([sys.executable + ' -c "$STAGE"; true'], shell=True)
print("started", flush=True)
{then}
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's part is Linux's")
@pytest.mark.parametrize(
    ("then", "said"), [("os.wait()", "begun\n"), ("os.kill(os.getpid(), 9)", "")]
)
def test_a_stage_whose_chain_is_gone_does_not_begin(then: str, said: str) -> None:
    worker = subprocess.run(
        [sys.executable, "-c", WORKER.format(then=then)],
        cwd=ROOT,
        env={**os.environ, "STAGE": STAGE},
        stdout=subprocess.PIPE,  # read until the shell ends
        text=True,
        check=False,
    )
    assert worker.stdout == "started\n" + said


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"
