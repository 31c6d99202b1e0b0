"""Every fault of a server, on page and media, through yt-dlp's and ffmpeg's real code."""

import time

import pytest

from tasks.outcomes import Reason, Rejected
from tasks.records import Clip, Download, Kind
from tasks.remote.fetch import fetch_video

FAULTS = [
    ("status", 404, Reason.not_found, 1),
    ("status", 410, Reason.removed, 1),
    ("status", 403, Reason.forbidden, 3),
    ("status", 429, Reason.rate_limited, 3),
    ("status", 503, Reason.server_error, 3),
    ("stall", 200, Reason.timeout, 3),
    ("loop", 302, Reason.server_error, 3),
]


def clip(video_id="both", start_s=2.0, end_s=4.0, **more):
    name = f"{video_id}_{start_s}-{end_s}"
    return Clip(
        name, "test", more.pop("kind", Kind.clip), video_id, start_s=start_s, end_s=end_s, **more
    )


def fetch_one(session, wanted):
    [(_, result, attempts)] = fetch_video([wanted], session=session)
    return result, attempts


def test_a_good_server_gives_the_segment(world, start):
    with start() as session:
        result, attempts = fetch_one(session, clip())
    assert isinstance(result, Download)
    assert result.media_format == "mp4"
    assert attempts == 1
    assert len(result.media) < len(world.files["/media/both.mp4"])


@pytest.mark.parametrize("place", ["/watch/both", "/media/both.mp4"])
@pytest.mark.parametrize(("kind", "status", "reason", "attempts"), FAULTS)
def test_faults(world, start, make_fault, place, kind, status, reason, attempts):
    world.faults[place] = make_fault(kind, status)
    with start() as session:
        result, tried = fetch_one(session, clip())
    assert isinstance(result, Rejected), result
    assert (result.reason, tried) == (reason, attempts), result.message
    assert "\n" not in result.message


@pytest.mark.parametrize("place", ["/watch/both", "/media/both.mp4"])
def test_500_twice_then_fine(world, start, make_fault, clock, place):
    # On the media request ffmpeg's try and our probe are one attempt.
    times = 2 if place.startswith("/watch") else 4
    world.faults[place] = make_fault("status", 500, times=times)
    with start() as session:
        result, attempts = fetch_one(session, clip())
    assert isinstance(result, Download), result
    assert attempts == 3
    assert len(clock.slept) == 2


@pytest.mark.parametrize("place", ["/watch/both", "/media/both.mp4"])
@pytest.mark.parametrize(("asked", "slept"), [("7", [7.0, 7.0]), ("3600", [])])
def test_retry_after_is_honoured(world, start, make_fault, clock, place, asked, slept):
    world.faults[place] = make_fault("status", 429, headers=(("Retry-After", asked),))
    with start() as session:
        result, attempts = fetch_one(session, clip())
    assert result.reason is Reason.rate_limited
    assert attempts == len(slept) + 1
    assert clock.slept == slept


@pytest.mark.parametrize("kind", ["cut", "stall_body"])
def test_part_of_the_media_is_no_success(world, start, make_fault, kind):
    world.faults["/media/both.mp4"] = make_fault(kind)
    with start() as session:
        result, attempts = fetch_one(session, clip(start_s=5.0, end_s=7.9))
    assert isinstance(result, Rejected)
    assert result.reason is (Reason.truncated if kind == "cut" else Reason.timeout), result.message
    assert attempts == 3


@pytest.mark.parametrize("kind", ["cut", "stall_body"])
def test_part_of_the_page_is_no_success(world, start, make_fault, kind):
    world.faults["/watch/both"] = make_fault(kind)
    with start() as session:
        result, attempts = fetch_one(session, clip())
    assert isinstance(result, Rejected)
    assert result.reason is (Reason.truncated if kind == "cut" else Reason.timeout), result.message
    assert attempts == 3


def test_html_instead_of_video(world, start, make_fault):
    world.faults["/watch/both"] = make_fault("html")
    world.faults["/media/web.mp4"] = make_fault("html")
    with start() as session:
        page, _ = fetch_one(session, clip())
        media, attempts = fetch_one(session, clip("web"))
    assert page.reason is Reason.no_format
    assert (media.reason, attempts) == (Reason.unknown, 3)
    assert "HTML" in media.message


def test_nobody_listens(start):
    with start(template="http://127.0.0.1:9/{video_id}") as session:
        result, attempts = fetch_one(session, clip())
    assert (result.reason, attempts) == (Reason.network, 3)


def test_a_stall_ends_in_time(world, start, make_fault, params):
    world.faults["/media/both.mp4"] = make_fault("stall_body")
    begin_s = time.monotonic()
    with start() as session:
        fetch_one(session, clip(start_s=5.0, end_s=7.9))
    assert time.monotonic() - begin_s < 3 * (params.stall_timeout_s + 2.0)
