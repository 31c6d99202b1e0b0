"""Every fault of a server, on manifests and pieces, and what is refused of them."""

from dataclasses import replace

import pytest

from tasks.outcomes import Reason, Rejected
from tasks.records import Download
from tasks.remote import pieces
from tests.remote.streams import edit
from tests.remote.test_faults import FAULTS
from tests.remote.test_pieces import fetch, make_clip

PLACES = ["ts /ts/index.m3u8", "ts /ts/piece2.ts"]
OTHER_PLACES = [
    "dash /dash/index.mpd",
    "dash /dash/chunk-stream1-00002.m4s",
    "dash /dash/init-stream0.m4s",
    "apart /apart/s1.m3u8",
    "aes /aes/key.bin",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("kind", "status", "reason", "attempts"), FAULTS)
def test_faults(serve, world, start, make_fault, place, kind, status, reason, attempts):
    name, path = place.split()
    serve(name)
    world.faults[path] = make_fault(kind, status)
    with start() as session:
        [(result, tried)] = fetch(session, make_clip(name))
    assert isinstance(result, Rejected), result
    assert (result.reason, tried) == (reason, attempts), result.message


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("kind", "reason"),
    [("cut", Reason.truncated), ("stall_body", Reason.timeout), ("html", Reason.unknown)],
)
def test_parts_and_pages_are_no_success(serve, world, start, make_fault, place, kind, reason):
    name, path = place.split()
    serve(name)
    world.faults[path] = make_fault(kind)
    with start() as session:
        [(result, tried)] = fetch(session, make_clip(name))
    assert isinstance(result, Rejected), result
    assert (result.reason, tried) == (reason, 3), result.message


@pytest.mark.parametrize("place", OTHER_PLACES)
@pytest.mark.parametrize(
    ("kind", "reason"), [("status", Reason.forbidden), ("html", Reason.unknown)]
)
def test_faults_elsewhere(serve, world, start, make_fault, place, kind, reason):
    name, path = place.split()
    serve(name)
    world.faults[path] = make_fault(kind, 403)
    with start() as session:
        [(result, tried)] = fetch(session, make_clip(name))
    assert isinstance(result, Rejected), result
    assert (result.reason, tried) == (reason, 3), result.message


@pytest.mark.parametrize("place", [*PLACES, *OTHER_PLACES])
@pytest.mark.parametrize(("asked", "slept"), [("7", [7.0, 7.0]), ("3600", [])])
def test_retry_after_is_honoured(serve, world, start, make_fault, clock, place, asked, slept):
    name, path = place.split()
    serve(name)
    world.faults[path] = make_fault("status", 429, headers=(("Retry-After", asked),))
    with start() as session:
        [(result, attempts)] = fetch(session, make_clip(name))
    assert result.reason is Reason.rate_limited
    assert attempts == len(slept) + 1
    assert clock.slept == slept


def test_an_attempt_goes_on_where_the_last_one_ended(serve, world, start, make_fault):
    serve("ts")
    world.faults["/ts/piece3.ts"] = make_fault("status", 500, times=2)
    with start() as session:
        [(result, attempts)] = fetch(session, make_clip("ts", 6.5, 7.5))
    assert isinstance(result, Download)
    assert attempts == 3
    assert (world.asked["/ts/piece2.ts"], world.asked["/ts/piece3.ts"]) == (1, 3)
    assert world.asked["/watch/ts"] == 1


def test_refused_pieces_are_resolved_anew(serve, world, start, make_fault):
    serve("ts")
    world.faults["/ts/piece2.ts"] = make_fault("status", 403, times=1)
    with start() as session:
        [(result, attempts)] = fetch(session, make_clip("ts"))
    assert isinstance(result, Download)
    assert (attempts, world.asked["/watch/ts"]) == (2, 2)


FAIRPLAY = 'METHOD=SAMPLE-AES,URI="skd://k",KEYFORMAT="com.apple.streamingkeydelivery"'
EDITS = [
    ("ts", "#EXT-X-ENDLIST", "", Reason.live),
    ("ts", "#EXTINF", '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"\n#EXTINF', Reason.drm),
    ("ts", "#EXTINF", f"#EXT-X-KEY:{FAIRPLAY}\n#EXTINF", Reason.drm),
    ("ts", "#EXTINF:", "#EXTINF:long", Reason.no_format),
    ("ts", "piece2.ts", "file:///etc/passwd", Reason.refused_address),
    ("dash", 'type="static"', 'type="dynamic"', Reason.no_format),
]


@pytest.mark.parametrize(("name", "old", "new", "reason"), EDITS)
def test_manifests_that_are_refused(serve, world, start, name, old, new, reason):
    edit(world, serve(name).manifest, old, new)
    with start() as session:
        [(result, tried)] = fetch(session, make_clip(name))
    assert isinstance(result, Rejected)
    assert (result.reason, tried) == (reason, 1), result.message


def test_what_a_break_of_the_clock_lies_before(serve, world, start):
    serve("ts")
    edit(
        world,
        "/ts/index.m3u8",
        "#EXTINF:2.002000,\npiece3",
        "#EXT-X-DISCONTINUITY\n#EXTINF:2,\npiece3",
    )
    with start() as session:
        [(before, _), (behind, _)] = fetch(
            session, make_clip("ts", 0.5, 2.5), make_clip("ts", 6.5, 7.5)
        )
    assert isinstance(before, Download)
    assert behind.reason is Reason.no_format
    assert "discontinuity" in behind.message


def test_a_private_address_in_a_playlist_is_refused(serve, world, start, params):
    serve("ts")
    with start(params=replace(params, allow_private_addresses=False)) as session:
        [(result, _)] = fetch(session, make_clip("ts"))
    assert result.reason is Reason.refused_address


def test_bounds(serve, start, params, monkeypatch):
    serve("ts")
    with start(params=replace(params, segment_timeout_s=1e-6)) as session:
        [(slow, _)] = fetch(session, make_clip("ts"))
    monkeypatch.setattr(pieces, "MAX_PIECE_MB", 0.01)
    with start() as session:
        [(large, _)] = fetch(session, make_clip("ts"))
    assert (slow.reason, large.reason) == (Reason.timeout, Reason.no_format)
