"""A command's own process and its children take up the settings without starting again."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows._command import show_own_logs

ROOT = Path(__file__).parents[2]
CODE = """
import json, logging, os, threading
import numpy as np
from prefect.settings import PREFECT_API_URL, get_current_settings
from threadpoolctl import threadpool_info
import cv2
from flows import _command
_command.join_server = lambda: "http://127.0.0.1:9/api"
pid = os.getpid()
_command.prepare_process(dies_with_parent=False)
seen = []
thread = threading.Thread(target=lambda: seen.append(PREFECT_API_URL.value()))
thread.start(), thread.join()
names = ("", "prefect.flow_runs")
handlers = {name: [type(h).__name__ for h in logging.getLogger(name).handlers] for name in names}
print(json.dumps({
    "url": PREFECT_API_URL.value(),
    "thread": seen[0],
    "handlers": handlers,
    "threads": [pool["num_threads"] for pool in threadpool_info()] + [cv2.getNumThreads()],
    "environment": [os.environ["PREFECT_API_URL"], os.environ["OMP_NUM_THREADS"]],
}))
"""


def test_settings_hold_at_once(tmp_path: Path) -> None:
    ours = ("PREFECT_", "SPEECH_PORTRAITS_", "OMP_", "OPENBLAS_", "MKL_", "OPENCV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**kept, "PYTHONPATH": str(ROOT), "PREFECT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    url = "http://127.0.0.1:9/api"
    assert (found["url"], found["thread"]) == (url, url)
    assert found["environment"] == [url, "1"]
    assert found["handlers"] == {"": ["LineHandler"], "prefect.flow_runs": ["APILogHandler"]}
    assert found["threads"]
    assert set(found["threads"]) == {1}


def test_a_failing_run_is_told_once(capfd: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    try:
        show_own_logs()
        logging.getLogger("prefect.engine").error("with a traceback")
        logging.getLogger("dvc.repo").info("a detail")
        logging.getLogger("tasks.download").info("our line")
        logging.getLogger("yt_dlp").warning("of a library")
    finally:
        logging.getLogger().handlers[:] = before
    assert capfd.readouterr().err.splitlines() == ["our line", "of a library"]
