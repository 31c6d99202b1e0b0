"""The fan-out over shards, with real Prefect runs against a server of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect import flow, task
from prefect.testing.utilities import prefect_test_harness

from flows import _shards
from flows._shards import StageFailed, StageReport, run_stage, summarise
from tasks.data.rows import Row, write_rows
from tasks.data.shards import ShardResult, list_shards, read_key, shard_path
from tasks.outcomes import Outcome, Status
from tasks.records import SPEECH_SCHEMA, Speech


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture(autouse=True)
def in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("corpus: {source: sample, watch: a}\nrun: {workers: 2}\n")


@task
def make_one(index: int, key: str, source: Path, out: Path, bad: int | None = None) -> ShardResult:
    if index == bad:
        raise ValueError("this one cannot be made")
    rows = [Row(Outcome(f"c{index}", Status.kept, "test"), Speech([0, index], 1.0))]
    path = shard_path(out, index)
    return write_rows(path, rows, SPEECH_SCHEMA, index=index, metadata={"key": key})


def write_inputs(folder: Path, *, keys: dict[int, str]) -> None:
    for index, key in keys.items():
        write_rows(shard_path(folder, index), [], SPEECH_SCHEMA, index=index, metadata={"key": key})


def run(*, bad: int | None = None, aggressiveness: int = 2) -> StageReport:
    @flow(name="test-stage")
    def stage() -> StageReport:
        return run_stage(
            make_one,
            inputs={"source": Path("source")},
            out=Path("out"),
            key_parts={"aggressiveness": aggressiveness},
            arguments={"bad": bad},
        )

    return stage()


def test_only_what_is_stale_is_made_and_what_is_foreign_goes() -> None:
    write_inputs(Path("source"), keys={0: "a", 1: "b", 5: "c"})
    first = run()
    assert (first.num_made, first.num_unchanged, first.counts) == (3, 0, {"kept": 3})
    before = {index: path.stat().st_ino for index, path in list_shards(Path("out")).items()}

    write_inputs(Path("source"), keys={1: "changed", 6: "d"})
    shard_path(Path("source"), 5).unlink()
    (Path("out") / ".shard-00009.parquet.1-ff.tmp").touch()
    second = run()
    assert (second.num_made, second.num_unchanged) == (2, 1)
    assert list(list_shards(Path("out"))) == [0, 1, 6]
    assert shard_path(Path("out"), 0).stat().st_ino == before[0]
    assert not list(Path("out").glob(".*"))

    third = run(aggressiveness=3)
    assert third.num_made == 3


def test_a_failing_shard_stops_no_other_and_the_flow_fails() -> None:
    write_inputs(Path("source"), keys={0: "a", 1: "b", 2: "c"})
    with pytest.raises(
        StageFailed, match="1 of 3 shards failed\nshard-00001: ValueError: this one"
    ):
        run(bad=1)
    assert list(list_shards(Path("out"))) == [0, 2]
    assert run().num_made == 1
    assert read_key(shard_path(Path("out"), 1))


def test_an_empty_input_is_an_error() -> None:
    with pytest.raises(ValueError, match="source: no shards"):
        run()


def test_a_stage_sums_up_in_one_line() -> None:
    report = StageReport("find_speech", 2, 7, {"kept": 100, "too_little_speech": 3})
    assert summarise(report) == (
        "find_speech: 2 shards made (100 kept, 3 too_little_speech), 7 unchanged"
    )


def test_progress_is_told_once_a_second_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    monkeypatch.setattr(_shards, "update_progress_artifact", lambda _, done: told.append(done))
    monkeypatch.setattr(_shards, "PROGRESS_EVERY_S", 3600.0)
    write_inputs(Path("source"), keys={0: "a", 1: "b", 2: "c"})
    run()
    assert told == [100]
    monkeypatch.setattr(_shards, "PROGRESS_EVERY_S", 0.0)
    write_inputs(Path("source"), keys={0: "d", 1: "e"})
    run()
    assert told[1:] == [50, 100]
