"""A Prefect server with its UI and workers on this machine: `python -m flows.serve`.

Work that trains is in a pool of its own: on more machines, the one with the GPU serves that pool.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from types import FrameType

from flows._process import ONE_THREAD
from flows._server import HOME, announce, answers, build_environment

PORT = int(os.environ.get("SPEECH_PORTRAITS_PORT", "4200"))
URL = f"http://127.0.0.1:{PORT}/api"
POOLS = ("speech-portraits", "speech-portraits-gpu")
# SQLite's wait for another writer; 10 s are too few where stages take all cores.
PATIENT = {"PREFECT_SERVER_DATABASE_TIMEOUT": "60"}
START_TIMEOUT_S, STOP_TIMEOUT_S, POLL_S = 300.0, 30.0, 0.5
PREFECT = [sys.executable, "-m", "prefect"]


def main() -> int:
    """Runs all until they end or are told to."""
    signal.signal(signal.SIGTERM, _stop)
    if answers(URL):
        sys.exit(f"something answers at {URL} already")
    HOME.mkdir(exist_ok=True)
    environment = {**build_environment(), **ONE_THREAD, **PATIENT, "PREFECT_API_URL": URL}
    server_command = [*PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(PORT)]
    server = subprocess.Popen(server_command, env=environment)
    workers: list[subprocess.Popen[bytes]] = []
    try:
        _wait_for(server)
        announce(URL)
        create_pools(environment)
        for pool in POOLS:
            command = [*PREFECT, "worker", "start", "--pool", pool, "--type", "process"]
            workers.append(subprocess.Popen(command, env=environment))
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _stop_all([*workers, server])


def create_pools(environment: Mapping[str, str]) -> None:
    """One after the other: two workers that each make their own lock SQLite for one another."""
    for name in POOLS:
        command = [*PREFECT, "work-pool", "create", name, "--type", "process", "--overwrite"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _stop_all(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Asks all at once, then makes sure."""
    for child in children:
        child.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for child in children:
        try:
            child.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()


def _wait_for(server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers(URL):
        if server.poll() is not None or time.monotonic() > deadline:
            sys.exit("the Prefect server did not start")
        time.sleep(POLL_S)


if __name__ == "__main__":
    sys.exit(main())
