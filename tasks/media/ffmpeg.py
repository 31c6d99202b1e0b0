"""Runs ffmpeg as a child process: never a shell, never longer than allowed, nothing left behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import imageio_ffmpeg

from tasks.records import Seconds

# One process works on one thread (DESIGN section 1); parallelism comes from shards.
GLOBAL_ARGS = ["-nostdin", "-hide_banner", "-v", "error"]
THREAD_ARGS = ["-filter_threads", "1", "-filter_complex_threads", "1", "-threads", "1"]
LAST_LINES = 5
ADDRESS = re.compile(r" @ 0x[0-9a-f]+")


class FfmpegFailed(Exception):
    """ffmpeg ended with an error; `last_words` are the last lines of its log."""

    def __init__(self, code: int, last_words: str) -> None:
        super().__init__(code, last_words)
        self.code, self.last_words = code, last_words

    def __str__(self) -> str:
        return f"ffmpeg ended with {self.code}: {self.last_words}"


class FfmpegTimedOut(Exception):
    """ffmpeg was killed because it took longer than `timeout_s`."""

    def __init__(self, timeout_s: Seconds) -> None:
        super().__init__(timeout_s)
        self.timeout_s = timeout_s

    def __str__(self) -> str:
        return f"ffmpeg took longer than {self.timeout_s:g} s"


@dataclass(frozen=True)
class CompletedFfmpeg:
    """What a run that ended well wrote to its pipes."""

    stdout: bytes
    stderr: str


@cache
def find_ffmpeg() -> str:
    """The ffmpeg that the locked package imageio-ffmpeg brings, else the one on PATH.

    The packaged one first: one version on every machine, so one result.
    """
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        on_path = shutil.which("ffmpeg")
    if on_path is None:
        raise RuntimeError("no ffmpeg with imageio-ffmpeg nor on PATH: run `make setup`")
    return on_path


def run_ffmpeg(
    args: Sequence[str],
    *,
    timeout_s: Seconds,
    stdin: bytes | None = None,
    pass_fds: Sequence[int] = (),
) -> CompletedFfmpeg:
    """Run with `args`: what follows the program's name, as ffmpeg-python's `get_args()` gives it.

    Raises FfmpegFailed and FfmpegTimedOut; in every case the child and its group are gone.
    """
    command = [*build_prefix(), find_ffmpeg(), *GLOBAL_ARGS, *THREAD_ARGS]
    # CPU seconds, kept by the kernel: a bound of its own, should this process be killed.
    command += ["-timelimit", str(int(4 * timeout_s) + 1), *args]
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=pass_fds,
        start_new_session=True,
    )
    try:
        stdout, stderr = child.communicate(stdin, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise FfmpegTimedOut(timeout_s) from None
    finally:
        end_group(child)
    log = stderr.decode("utf-8", "replace")
    if child.returncode:
        raise FfmpegFailed(child.returncode, read_last_words(log))
    return CompletedFfmpeg(stdout, log)


@cache
def build_prefix() -> tuple[str, ...]:
    """On Linux, what makes a child die with the thread that waits for it.

    util-linux's setpriv asks the kernel for that and then becomes the program; a `preexec_fn`
    would do the same but is not safe beside threads. Without setpriv, a child whose parent was
    killed ends at its next write to the closed pipe or at `-timelimit`.
    """
    prefix = ("setpriv", "--pdeathsig", "KILL", "--")
    if not sys.platform.startswith("linux") or not shutil.which("setpriv"):
        return ()
    works = subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode == 0
    return prefix if works else ()


def end_group(child: subprocess.Popen[bytes]) -> None:
    """Kill what still runs of the child's session and reap the child."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None and not pipe.closed:
            pipe.close()


def read_last_words(log: str) -> str:
    """The last lines of a log, on one line, without the addresses that differ from run to run."""
    lines = [ADDRESS.sub("", line).strip() for line in log.splitlines() if line.strip()]
    return " | ".join(lines[-LAST_LINES:]) or "no message"
