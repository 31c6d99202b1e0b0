"""Faults while a stage makes its shards: after each the next run completes, byte by byte the same.

Kills are in test_kills.py; here the disk is full, the network share is gone, shards are damaged,
two runs meet, the clock jumps, the Prefect server dies.
"""

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tasks.data.rows import write_rows
from tasks.records import SPEECH_SCHEMA
from tests.small_project import ROOT, make_environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
NUM_SHARDS, NUM_BYTES = 6, 300_000
# A stage of its own, run as `python stage.py`; a shard takes `wait_s` and NUM_BYTES.
STAGE = f"""
import sys, time
from pathlib import Path
import numpy as np
import pyarrow as pa
from prefect import flow, task
from flows._command import prepare_process
from flows._shards import run_stage
from tasks.data.rows import Row, write_rows
from tasks.data.shards import ShardResult, shard_path
from tasks.outcomes import Outcome, Status
from tasks.records import DOWNLOAD_SCHEMA, Download


@task
def make_one(index: int, key: str, source: Path, out: Path, wait_s: float) -> ShardResult:
    shard_path(source, index).read_bytes()
    time.sleep(wait_s)
    noise = np.random.default_rng(index).bytes({NUM_BYTES})
    rows = [Row(Outcome(f"c{{index}}", Status.kept, "test"), Download(noise, "mp4", 0.0, None))]
    return write_rows(shard_path(out, index), rows, DOWNLOAD_SCHEMA, index=index,
                      metadata={{"key": key}}, compression="none")


@flow(name="toy")
def toy(wait_s: float) -> None:
    report = run_stage(make_one, inputs={{"source": Path("source")}}, out=Path("data/out"),
                       key_parts={{}}, arguments={{"wait_s": wait_s}})
    print("made", report.num_made, flush=True)


if __name__ == "__main__":
    prepare_process()
    try:
        toy(float(sys.argv[1]))
    except RuntimeError as error:
        sys.exit(f"failed: {{error}}")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "source").mkdir(parents=True)
    for name in ("flows", "tasks", "models"):
        (root / name).symlink_to(ROOT / name)
    (root / "stage.py").write_text(STAGE)
    settings = {"corpus": {"source": "sample", "watch": "a"}, "run": {"workers": 2}}
    (root / "params.yaml").write_text(yaml.safe_dump(settings))
    for index in range(NUM_SHARDS):
        shutil.copy(write_input(tmp_path, index), root / "source" / f"shard-{index:05d}.parquet")
    return root


def write_input(folder: Path, index: int) -> Path:
    path = folder / f"input-{index}.parquet"
    write_rows(path, [], SPEECH_SCHEMA, index=index, metadata={"key": str(index)})
    return path


def start(
    root: Path, wait_s: float = 0.0, *, max_bytes: int | None = None
) -> subprocess.Popen[str]:
    def limit() -> None:
        if max_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, max_bytes))

    return subprocess.Popen(
        [sys.executable, "stage.py", str(wait_s)],
        cwd=root,
        env=make_environment() | {"PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=limit,
    )


def finish(root: Path) -> int:
    """How many shards a run without faults made."""
    output = start(root).communicate(timeout=900)[0]
    assert "made " in output, output
    return int(output.rpartition("made ")[2].split()[0])


def hash_shards(root: Path) -> dict[str, str]:
    paths = sorted((root / "data/out").iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture
def expected(project: Path) -> Iterator[dict[str, str]]:
    """What a run without faults makes; the folder is empty again."""
    assert finish(project) == NUM_SHARDS
    hashes = hash_shards(project)
    shutil.rmtree(project / "data/out")
    return hashes


def test_faults_one_after_the_other(project: Path, expected: dict[str, str]) -> None:
    draw = random.Random(0)
    full_disk(project)
    lost_share(project, draw)
    two_runs(project)
    assert finish(project) in range(NUM_SHARDS + 1)
    assert hash_shards(project) == expected
    damaged_shards(project, draw)
    assert hash_shards(project) == expected
    clock_jump(project, draw)
    assert hash_shards(project) == expected
    killed_server(project)
    assert finish(project) in range(1, NUM_SHARDS + 1)
    assert hash_shards(project) == expected


def full_disk(root: Path) -> None:
    """No file can grow beyond a third of a shard; nothing half written stays."""
    output = start(root, max_bytes=NUM_BYTES // 3).communicate(timeout=900)[0]
    assert "File too large" in output, output
    assert not any((root / "data/out").iterdir())


def lost_share(root: Path, draw: random.Random) -> None:
    """The inputs are gone while the stage runs, then back."""
    victim = root / "source" / f"shard-{draw.randrange(NUM_SHARDS):05d}.parquet"
    process = start(root, wait_s=1.0)
    time.sleep(1.0)
    victim.rename(root / "away")
    output = process.communicate(timeout=900)[0]
    (root / "away").rename(victim)
    assert "made" in output or "FileNotFoundError" in output or "failed" in output, output


def wait_for_shard(root: Path, process: subprocess.Popen[str]) -> None:
    while not list((root / "data/out").glob("shard-*")):
        assert process.poll() is None
        time.sleep(0.1)


def two_runs(root: Path) -> None:
    """The second one says so and ends; then the first is killed."""
    shutil.rmtree(root / "data/out")
    first = start(root, wait_s=20.0)
    wait_for_shard(root, first)
    second = start(root)
    output = second.communicate(timeout=900)[0]
    first.kill()
    first.communicate(timeout=900)
    assert "already running" in output, output
    assert second.returncode != 0


def damaged_shards(root: Path, draw: random.Random) -> None:
    """Cut short, emptied, their footer overwritten: made again."""
    paths = sorted((root / "data/out").iterdir())
    cut, empty, footer = draw.sample(paths, 3)
    cut.write_bytes(cut.read_bytes()[: draw.randrange(10, NUM_BYTES)])
    empty.write_bytes(b"")
    footer.write_bytes(footer.read_bytes()[:-8] + bytes(8))
    assert finish(root) == 3


def clock_jump(root: Path, draw: random.Random) -> None:
    """Files from the future and from the past: keys decide, not times."""
    for path in [*(root / "data/out").iterdir(), *(root / "source").iterdir()]:
        when = draw.choice([86_400, 4_000_000_000])
        os.utime(path, (when, when))
    assert finish(root) == 0


def killed_server(root: Path) -> None:
    """The Prefect server dies in the middle; the stage ends, well or not, and nothing is torn."""
    shutil.rmtree(root / "data/out")
    process = start(root, wait_s=2.0)
    wait_for_shard(root, process)
    os.kill(find_server(root), signal.SIGKILL)
    time.sleep(1)
    process.kill()
    process.communicate(timeout=900)
    min((root / "data/out").glob("shard-*")).unlink()


def find_server(root: Path) -> int:
    """The process that listens on the port in server.json."""
    url = json.loads((root / ".prefect/server.json").read_text())["url"]
    port = urlsplit(url).port
    found = subprocess.run(["pgrep", "-f", f"server start .*--port {port}"], capture_output=True)
    return int(found.stdout.split()[0])
