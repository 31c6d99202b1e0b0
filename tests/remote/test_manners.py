"""Brake, budget, back-off, gate: what keeps the downloads polite."""

import random
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from multiprocessing import get_context

import pytest

from tasks.outcomes import Reason
from tasks.params import BudgetParams
from tasks.records import Clip, Download, Kind
from tasks.remote.brake import Brake, check_brake, note_failure, note_success
from tasks.remote.budget import Budget, reserve, settle
from tasks.remote.failures import FetchFailed, read_retry_after
from tasks.remote.fetch import fetch_video
from tasks.remote.retries import Retries, call_with_retries, compute_delay
from tasks.remote.state import read_state, update_state


def make_clip(video_id="both", start_s=1.0):
    return Clip(
        f"{video_id}_{start_s}", "test", Kind.clip, video_id, start_s=start_s, end_s=start_s + 1
    )


def fetch_all(session, *clips):
    return [
        (result, attempts)
        for clip in clips
        for _, result, attempts in fetch_video([clip], session=session)
    ]


def reason_of(result):
    return None if isinstance(result, Download) else result.reason


def count_up(path):
    for _ in range(20):
        with update_state(path) as state:
            state["n"] = state.get("n", 0) + 1


def test_state_is_shared_by_processes(tmp_path):
    path = tmp_path / "state.json"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(count_up, [path] * 3))
    assert read_state(path) == {"n": 60}


def test_a_wave_of_429_pauses_the_stage(world, start, make_fault, params):
    for video_id in "abcd":
        world.faults[f"/watch/{video_id}"] = make_fault("status", 429)
    with start() as session:  # 3 attempts each; the 5th rate limit in a row pulls the brake
        done = fetch_all(session, *(make_clip(video_id) for video_id in "abcd"))
    assert [reason_of(result) for result, _ in done] == [
        Reason.rate_limited,
        Reason.rate_limited,
        Reason.paused,
        Reason.paused,
    ]
    assert [attempts for _, attempts in done] == [3, 2, 0, 0]
    assert sum(world.asked.values()) == params.pause_after_rate_limits
    assert "429" in done[3][0].message
    assert done[3][0].reason.may_pass
    with start() as other, pytest.raises(FetchFailed, match="paused"):
        check_brake(other.brake)


def test_a_success_between_keeps_the_stage_going(world, start, make_fault):
    for video_id in "ab":
        world.faults[f"/watch/{video_id}"] = make_fault("status", 429)
    with start() as session:
        done = fetch_all(
            session, make_clip("a"), make_clip("both"), make_clip("b"), make_clip("both")
        )
    assert [reason_of(result) for result, _ in done] == [
        Reason.rate_limited,
        None,
        Reason.rate_limited,
        None,
    ]


def test_a_bot_check_pauses_at_once(tmp_path):
    brake = Brake(tmp_path, 5)
    note_failure(brake, FetchFailed(Reason.server_error, "x"))
    check_brake(brake)
    note_failure(brake, FetchFailed(Reason.bot_check, "Sign in to confirm you're not a bot"))
    note_success(brake)
    with pytest.raises(FetchFailed, match="not a bot") as caught:
        check_brake(brake)
    assert caught.value.reason is Reason.paused


def test_budget_of_clips(world, start, params):
    limited = replace(params, budget=BudgetParams(clips=2))
    with start(params=limited) as session:
        done = fetch_all(session, make_clip("nothing"), *(make_clip(start_s=s) for s in (1, 2, 3)))
    reasons = [reason_of(result) for result, _ in done]
    assert reasons == [Reason.not_found, None, None, Reason.over_budget]
    assert done[-1][1] == 0
    assert "budget.clips" in done[-1][0].message


def test_budget_of_hours_and_gigabytes(tmp_path):
    budget = Budget(tmp_path, BudgetParams(hours=0.5, gigabytes=1e-6))
    reserve(budget, 1000.0)
    reserve(budget, 800.0)
    with pytest.raises(FetchFailed, match=r"budget\.hours"):
        reserve(budget, 1.0)
    settle(budget, reserved_s=800.0, spent_s=0.0, num_bytes=0)
    reserve(budget, 1.0)
    settle(budget, reserved_s=1.0, spent_s=1.0, num_bytes=1000)
    with pytest.raises(FetchFailed, match=r"budget\.gigabytes"):
        reserve(budget, 1.0)


def test_no_budget_leaves_no_trace(tmp_path):
    reserve(Budget(tmp_path, BudgetParams()), 1.0)
    assert not list(tmp_path.iterdir())


RETRIES = Retries(5, 2.0, 10.0, rng=random.Random(1))


def test_back_off_is_exponential_with_full_jitter():
    failure = FetchFailed(Reason.timeout, "x")
    for attempt, ceiling_s in ((1, 2.0), (2, 4.0), (3, 8.0), (4, 10.0)):
        delays = [compute_delay(failure, attempt=attempt, retries=RETRIES) for _ in range(300)]
        assert 0 <= min(delays) < 0.1 * ceiling_s
        assert 0.9 * ceiling_s < max(delays) <= ceiling_s
    assert compute_delay(failure, attempt=5, retries=RETRIES) is None


@pytest.mark.parametrize("reason", [Reason.removed, Reason.bot_check, Reason.paused])
def test_no_second_attempt(reason):
    calls = []

    def act():
        calls.append(1)
        raise FetchFailed(reason, "x")

    with pytest.raises(FetchFailed) as caught:
        call_with_retries(act, retries=RETRIES)
    assert len(calls) == 1
    assert caught.value.attempts == (reason is not Reason.paused)


def test_retry_after():
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert read_retry_after("12") == 12
    assert 55 < read_retry_after(in_a_minute) <= 60
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert read_retry_after("soon") is None
    assert read_retry_after(None) is None
    asked = FetchFailed(Reason.rate_limited, "x", retry_after_s=9.0)
    assert compute_delay(asked, attempt=1, retries=RETRIES) == 9.0
    too_long = FetchFailed(Reason.rate_limited, "x", retry_after_s=11.0)
    assert compute_delay(too_long, attempt=1, retries=RETRIES) is None


def test_every_request_passes_the_gate_and_no_wait_does(world, start, make_fault, clock):
    events = []

    @contextmanager
    def gate():
        events.append("in")
        yield
        events.append("out")

    world.faults["/watch/both"] = make_fault("status", 500, times=1)
    clock.sleep_before = clock.sleep
    clock.sleep = lambda seconds: events.append("sleep")
    with start(gate=gate) as session:
        fetch_all(session, make_clip())
    # A failed attempt leaves the generator by its exception: only "in" is seen of it.
    assert events == ["in", "sleep", "in", "out", "in", "out"]
