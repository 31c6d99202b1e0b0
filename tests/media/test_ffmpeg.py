import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ffmpeg
import pytest

from tasks.media.ffmpeg import (
    FfmpegFailed,
    FfmpegTimedOut,
    build_prefix,
    find_ffmpeg,
    read_last_words,
    run_ffmpeg,
)

ENDLESS = ffmpeg.input("testsrc=s=16x16", f="lavfi", re=None).output("pipe:1", f="null").get_args()


def wait_until_gone(pid: int) -> bool:
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


def test_bytes_go_in_and_come_out() -> None:
    source = ffmpeg.input("pipe:0", f="s16le", ar=8000, ac=1)
    done = run_ffmpeg(source.output("pipe:1", f="u8").get_args(), timeout_s=10, stdin=bytes(1600))
    assert done.stdout == bytes([128]) * 800


def test_a_failure_has_ffmpegs_last_words(tmp_path: Path) -> None:
    args = ffmpeg.input(str(tmp_path / "absent.mp4")).output("pipe:1", f="null").get_args()
    with pytest.raises(FfmpegFailed, match="No such file or directory") as failure:
        run_ffmpeg(args, timeout_s=10)
    assert failure.value.code != 0


def test_words_do_not_differ_from_run_to_run() -> None:
    log = "[mov,mp4 @ 0x55f290c41b00] moov atom not found\n\nx: Invalid data\n"
    assert read_last_words(log) == "[mov,mp4] moov atom not found | x: Invalid data"


def test_nothing_is_read_by_a_shell(tmp_path: Path) -> None:
    name = str(tmp_path / "a;touch b&$(touch c).wav")
    args = ffmpeg.input("sine=d=0.1", f="lavfi").output(name).get_args()
    run_ffmpeg(args, timeout_s=10)
    assert [path.name for path in tmp_path.iterdir()] == [Path(name).name]


def test_a_child_that_takes_too_long_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen.__init__

    def record(child: subprocess.Popen[bytes], *args: object, **options: object) -> None:
        children.append(child)
        start(child, *args, **options)  # type: ignore[call-overload]

    build_prefix()
    monkeypatch.setattr(subprocess.Popen, "__init__", record)
    begin = time.monotonic()
    with pytest.raises(FfmpegTimedOut):
        run_ffmpeg(ENDLESS, timeout_s=0.3)
    assert time.monotonic() - begin < 3
    assert len(children) == 1
    with pytest.raises(ProcessLookupError):
        os.killpg(children[0].pid, 0)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_a_child_dies_with_its_parent() -> None:
    if not build_prefix():
        pytest.skip("needs setpriv")
    code = f"from tasks.media.ffmpeg import run_ffmpeg; run_ffmpeg({ENDLESS!r}, timeout_s=60)"
    parent = subprocess.Popen([sys.executable, "-c", code])
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    child = 0
    for _ in range(200):
        pids = [int(pid) for pid in children.read_text().split()]
        names = [Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0] for pid in pids]
        if names and names[0].decode() == find_ffmpeg():
            child = pids[0]
            break
        time.sleep(0.05)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert child
    assert wait_until_gone(child)


def test_without_any_ffmpeg_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing() -> str:
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", find_nothing)
    with pytest.raises(RuntimeError, match="make setup"):
        find_ffmpeg.__wrapped__()
