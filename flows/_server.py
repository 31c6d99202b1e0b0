"""The Prefect server that stages report to: the one configured, else one of this checkout's own.

The own server is started by the first stage, shared by those that follow and by nobody else, and
ends a minute after the last of them. `python -m flows._server PORT` is its supervisor.
"""

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import httpx

HOME = Path(".prefect")
IDLE_S, START_TIMEOUT_S, POLL_S = 60.0, 90.0, 0.25


def join_server() -> str:
    """The URL of the own server's API, started if need be; it stays up as long as this process."""
    HOME.mkdir(exist_ok=True)
    users = os.open(HOME / "users.lock", os.O_RDWR | os.O_CREAT)  # open until the process ends
    fcntl.flock(users, fcntl.LOCK_SH)
    with (HOME / "start.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return find_server() or _start()


def find_server() -> str | None:
    """The URL of the server of this checkout that runs, `make serve`'s included."""
    try:
        url = str(json.loads((HOME / "server.json").read_text(encoding="utf-8"))["url"])
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return url if answers(url) else None


def answers(url: str) -> bool:
    """True if a Prefect API is up at `url`."""
    encrypted = url.startswith("https:")  # else no 40 ms for certificates, four times a second
    try:
        response = httpx.get(f"{url}/health", timeout=2, verify=encrypted)
        return response.status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _start() -> str:
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    announce(url)
    with (HOME / "server.log").open("ab") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "flows._server", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and supervisor.poll() is None:
        if answers(url):
            return url
        time.sleep(POLL_S)
    raise RuntimeError(f"the Prefect server did not start: see {HOME / 'server.log'}")


def announce(url: str) -> None:
    """Tells this checkout's stages where the server is."""
    (HOME / "server.json").write_text(json.dumps({"url": url}), encoding="utf-8")


def build_environment() -> dict[str, str]:
    """The environment of this checkout's server: its data base lies in the checkout."""
    own = {"PREFECT_HOME": str(HOME.resolve()), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    return {**os.environ, **own}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def supervise(port: int) -> None:
    """Runs the server until nobody has used it for IDLE_S."""
    command = [
        sys.executable,
        "-m",
        "prefect",
        "server",
        "start",
        "--host",
        "127.0.0.1",
    ]
    server = subprocess.Popen([*command, "--port", str(port)], env=build_environment())
    try:
        with (HOME / "users.lock").open("a") as users:
            _wait_until_unused(users, server)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_until_unused(users: IO[str], server: subprocess.Popen[bytes]) -> None:
    unused_since: float | None = None
    while server.poll() is None:
        time.sleep(POLL_S)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            unused_since = None
            continue
        fcntl.flock(users, fcntl.LOCK_UN)
        unused_since = unused_since or time.monotonic()
        if time.monotonic() - unused_since > IDLE_S:
            return


if __name__ == "__main__":
    supervise(int(sys.argv[1]))
