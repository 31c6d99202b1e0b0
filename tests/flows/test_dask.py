"""Shards made by a Dask cluster: a scheduler and two worker processes, and this machine's own."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prefect import flow, task
from prefect.testing.utilities import prefect_test_harness

from flows._shards import StageFailed, StageReport, run_stage
from tasks.data.rows import Row, write_rows
from tasks.data.shards import ShardResult, shard_path
from tasks.outcomes import Outcome, Status
from tasks.records import SPEECH_SCHEMA, Speech

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
NUM_SHARDS = 6


@task
def make_one(index: int, key: str, source: Path, out: Path, bad: int | None = None) -> ShardResult:
    if index == bad:
        raise ValueError("this one cannot be made")
    rows = [Row(Outcome(f"c{index}", Status.kept, "test"), Speech([0, index], 1.0))]
    path = shard_path(out, index)
    log = path.parent.parent / "workers"
    with log.open("a") as file:
        file.write(f"{os.getpid()}\n")
    return write_rows(path, rows, SPEECH_SCHEMA, index=index, metadata={"key": key})


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """Address of a scheduler with two workers of one thread."""
    dask = [sys.executable, "-m", "dask"]
    file = tmp_path / "scheduler.json"
    options = ["--scheduler-file", str(file), "--no-dashboard"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    commands = [
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", *options],
        *[[*dask, "worker", "--nthreads", "1", "--no-nanny", *options]] * 2,
    ]
    children = [subprocess.Popen(command, cwd=tmp_path, env=environment) for command in commands]
    try:
        yield wait_for_address(file)
    finally:
        for child in reversed(children):
            child.terminate()
            child.wait(timeout=30)


def wait_for_address(file: Path) -> str:
    for _ in range(600):
        if file.exists() and file.stat().st_size:
            return str(yaml.safe_load(file.read_text())["address"])
        time.sleep(0.1)
    raise AssertionError("no scheduler")


@pytest.fixture(autouse=True)
def in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for index in range(NUM_SHARDS):
        path = shard_path(Path("source"), index)
        write_rows(path, [], SPEECH_SCHEMA, index=index, metadata={"key": str(index)})


def run(dask: str | None, out: str, *, bad: int | None = None) -> StageReport:
    settings = {"corpus": {"source": "sample", "watch": "a"}, "run": {"workers": 2, "dask": dask}}
    Path("params.yaml").write_text(yaml.safe_dump(settings))

    @flow(name="test-stage")
    def stage() -> StageReport:
        inputs = {"source": Path("source").resolve()}
        return run_stage(
            make_one,
            inputs=inputs,
            out=Path(out).resolve(),
            key_parts={},
            arguments={"bad": bad},
        )

    return stage()


def hash_shards(out: str) -> list[str]:
    paths = sorted(Path(out).glob("*.parquet"))
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


def test_a_cluster_and_one_process_make_the_same_bytes(cluster: str) -> None:
    assert run(None, "a/shards").num_made == NUM_SHARDS
    assert run(cluster, "b/shards").num_made == NUM_SHARDS
    assert hash_shards("a/shards") == hash_shards("b/shards")
    workers = set(Path("b/workers").read_text().split())
    assert str(os.getpid()) not in workers
    assert run(cluster, "b/shards").num_made == 0


def test_a_failed_shard_is_named_and_the_others_stay() -> None:
    with pytest.raises(StageFailed, match="shard-00002: ValueError: this one cannot be made"):
        run("local", "c/shards", bad=2)
    assert len(hash_shards("c/shards")) == NUM_SHARDS - 1
    assert run("local", "c/shards").num_made == 1
