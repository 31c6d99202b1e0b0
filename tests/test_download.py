"""One shard's download: every clip accounted for, resumed after a kill, tried again on request."""

import json
from contextlib import contextmanager
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

import tasks.download
from tasks.data.rows import read_outcomes, read_rows
from tasks.data.shards import ShardWriter, read_key, shard_path
from tasks.download import download_shard, is_finished
from tasks.outcomes import Reason, Status
from tasks.params import BudgetParams
from tasks.records import CLIP_SCHEMA, Clip, Download, Kind
from tasks.remote import failures
from tests.remote import server

clock = server.clock
make_fault = server.make_fault
media = server.media
params = server.params
world = server.world

SECONDS = [("both", 1.0), ("web", 1.0), ("both", 3.0), ("gone", 0.0), ("both", 4.5)]


def make_clips(world, media):
    world.files["/media/web.mp4"] = media["silent"].read_bytes()
    world.files["/media/-odd.mp4"] = media["silent"].read_bytes()
    clips = [
        Clip(
            f"{video_id}_{start_s}", "test", Kind.clip, video_id, start_s=start_s, end_s=start_s + 1
        )
        for video_id, start_s in SECONDS
    ]
    local = str(media["tone"])
    return [
        *clips,
        Clip("odd", "test", Kind.clip, "-odd", start_s=0.5, end_s=1.5),
        Clip("tone", "test", Kind.voice, "tone", media=local),
        Clip("none", "test", Kind.voice, "none", media=f"{local}.gone"),
    ]


def write_clips(path, clips):
    with ShardWriter(path, CLIP_SCHEMA, metadata={"key": "c"}) as writer:
        for clip in clips:
            writer.write(vars(clip))


@pytest.fixture
def run(world, media, params, clock, tmp_path):
    """Downloads shard 3; a run folder of its own each time."""
    clips = make_clips(world, media)
    write_clips(shard_path(tmp_path / "clips", 3), clips)
    runs = []

    def run_one(key="k", **options):
        runs.append(key)
        chosen = options.pop("params", params)
        result = download_shard.fn(
            3,
            key,
            tmp_path / "clips",
            tmp_path / "media",
            chosen,
            fetched_by=options.pop("fetched_by", "settings"),
            url_template=world.template,
            unfinished=tmp_path / "partial",
            run_folder=tmp_path / f"run-{len(runs)}",
            retries=clock.retries(chosen),
            **options,
        )
        assert not list((tmp_path / "partial").iterdir())
        return result

    run_one.out = shard_path(tmp_path / "media", 3)
    run_one.clips = clips
    run_one.unfinished = tmp_path / "partial" / "shard-00003"
    return run_one


def outcomes(run):
    return [str(outcome.reason or outcome.status) for outcome in read_outcomes(run.out)]


GOOD = ["kept", "kept", "kept", "not_found", "kept", "kept", "kept", "missing_file"]


def test_every_clip_has_an_outcome(run, world, media):
    result = run()
    assert outcomes(run) == GOOD
    assert result.counts == {"kept": 6, "not_found": 1, "missing_file": 1}
    rows = list(read_rows(run.out, Download))
    assert [row.outcome.clip_id for row in rows] == [clip.clip_id for clip in run.clips]
    assert {row.outcome.stage for row in rows} == {"download"}
    assert rows[6].record.media == media["tone"].read_bytes()
    assert world.asked["/watch/both"] == 1
    assert read_key(run.out, "made_from") == "k"
    assert read_key(run.out) != "k"
    assert is_finished(run.out, "k")
    assert not is_finished(run.out, "other")


def test_the_same_bytes_give_the_same_shard(run):
    run()
    before = run.out.read_bytes()
    run()
    assert run.out.read_bytes() == before
    assert pq.ParquetFile(run.out).metadata.row_group(0).column(6).compression == "UNCOMPRESSED"


@pytest.mark.parametrize("stop_after", [1, 3, 6])
def test_a_killed_run_goes_on_where_it_was(run, world, monkeypatch, stop_after):
    write_row, done = tasks.download.write_row, []

    def write_and_die(*args):
        if len(done) == stop_after:
            raise KeyboardInterrupt
        write_row(*args)
        done.append(args[1])

    with monkeypatch.context() as patch:
        patch.setattr(tasks.download, "write_row", write_and_die)
        with pytest.raises(KeyboardInterrupt):
            run()
    assert not run.out.exists()
    (run.unfinished / ".cut-left-over").mkdir()
    (run.unfinished / ".000001.media.1-2.tmp").write_bytes(b"half")
    seen = world.asked.copy()
    run()
    assert outcomes(run) == GOOD
    finished = {run.clips[place].video_id for place in done}
    unfinished = {clip.video_id for place, clip in enumerate(run.clips) if place not in done}
    for video_id in finished - unfinished:
        assert world.asked[f"/watch/{video_id}"] == seen[f"/watch/{video_id}"]


def test_an_interrupted_run_ends_in_the_same_shard(run, monkeypatch):
    run()
    undisturbed = run.out.read_bytes()
    run.out.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(tasks.download, "write_rows", lambda *_, **__: exit(9))
        with pytest.raises(SystemExit):
            run()
    run()
    assert run.out.read_bytes() == undisturbed


def test_what_was_fetched_for_another_key_is_not_used(run, world, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(tasks.download, "write_rows", lambda *_, **__: exit(9))
        with pytest.raises(SystemExit):
            run()
    run(key="other")
    assert world.asked["/watch/both"] == 2


def test_another_list_takes_over_what_was_fetched(run, world, tmp_path):
    run()
    before = {row.outcome.clip_id: row for row in read_rows(run.out, Download)}
    world.asked.clear()
    clips = [clip for clip in run.clips if clip.video_id != "web"]
    write_clips(shard_path(tmp_path / "clips", 3), clips)
    run(key="shorter list")
    assert not world.asked
    after = list(read_rows(run.out, Download))
    assert [row.outcome.clip_id for row in after] == [clip.clip_id for clip in clips]
    assert all(row == before[row.outcome.clip_id] for row in after)


def test_other_settings_fetch_anew(run, world):
    run()
    world.asked.clear()
    run(key="other", fetched_by="other settings")
    assert world.asked["/watch/both"] == 1


def test_what_failed_for_now_is_tried_again_on_request_only(run, world, make_fault):
    world.faults["/watch/both"] = make_fault("status", 503)
    run()
    assert outcomes(run) == [
        *("server_error", "kept", "server_error", "not_found", "server_error"),
        *("kept", "kept", "missing_file"),
    ]
    first_key = read_key(run.out)
    assert is_finished(run.out, "k")
    assert not is_finished(run.out, "k", retry_failed=True)
    world.faults.clear()
    world.asked.clear()
    run(retry_failed=True)
    assert outcomes(run) == GOOD
    assert [outcome.attempts for outcome in read_outcomes(run.out)] == [4, 1, 4, 1, 4, 1, 1, 1]
    assert world.asked["/watch/both"] == 1
    assert not world.asked["/watch/web"] + world.asked["/watch/gone"]
    assert read_key(run.out) != first_key
    assert is_finished(run.out, "k", retry_failed=True)


def test_a_second_retry_adds_its_attempts(run, world, make_fault):
    world.faults["/watch/both"] = make_fault("status", 503)
    for _ in range(3):
        run(retry_failed=True)
    assert next(iter(read_outcomes(run.out))).attempts == 9


def test_a_finished_shard_is_unharmed_by_a_killed_retry(run, world, make_fault, monkeypatch):
    world.faults["/watch/both"] = make_fault("status", 503)
    run()
    before = run.out.read_bytes()
    world.faults.clear()
    with monkeypatch.context() as patch:
        patch.setattr(tasks.download, "write_rows", lambda *_, **__: exit(9))
        with pytest.raises(SystemExit):
            run(retry_failed=True)
    assert run.out.read_bytes() == before
    world.asked.clear()
    run(retry_failed=True)
    assert outcomes(run) == GOOD
    assert not world.asked  # it had all been fetched


def test_what_the_budget_leaves_out_waits(run, params, world):
    run(params=replace(params, budget=BudgetParams(clips=2)))
    over = "over_budget"
    assert outcomes(run) == ["kept", over, "kept", over, over, over, "kept", "missing_file"]
    assert all(
        outcome.status is Status.failed
        for outcome in read_outcomes(run.out)
        if outcome.reason is Reason.over_budget
    )
    run(retry_failed=True)
    assert outcomes(run) == GOOD


def test_a_bot_check_pauses_the_rest(run, world, make_fault, monkeypatch):
    monkeypatch.setitem(failures.STATUS_REASONS, 418, Reason.bot_check)
    world.faults["/watch/web"] = make_fault("status", 418)
    run()
    # Video by video: all of "both" comes before "web".
    assert outcomes(run) == [
        *("kept", "bot_check", "kept", "paused", "kept", "paused", "kept", "missing_file")
    ]


def test_the_gate_is_passed(run):
    passed = []

    @contextmanager
    def gate():
        passed.append(1)
        yield

    run(gate=gate)
    assert len(passed) > len(SECONDS)


def test_nothing_secret_in_the_shard(run, world, make_fault):
    world.faults["/watch/both"] = make_fault("status", 503)
    run()
    text = json.dumps([outcome.message for outcome in read_outcomes(run.out)])
    assert "/tmp" not in text.replace(str(run.clips[-1].media), "")
