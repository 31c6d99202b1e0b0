"""HLS and DASH through yt-dlp's real code: exact to the frame, and no piece too many."""

import json
import time
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from tasks.outcomes import Reason
from tasks.records import Clip, Download, Kind
from tasks.remote.client import PLUGINS_VARIABLE
from tasks.remote.fetch import fetch_video
from tests.remote.streams import edit
from tests.remote.test_cut import WINDOWS, decode_frames


def make_clip(video_id, start_s=4.2, end_s=5.9, kind=Kind.clip):
    return Clip(f"{video_id}_{start_s}", "test", kind, video_id, start_s=start_s, end_s=end_s)


def fetch(session, *clips):
    return [(result, attempts) for _, result, attempts in fetch_video(list(clips), session=session)]


def fetch_file(start, clip, folder):
    """The cut as a file, and where the wanted seconds start in it."""
    with start() as session:
        [(result, attempts)] = fetch(session, clip)
    assert isinstance(result, Download), result
    assert attempts == 1
    path = folder / f"cut.{result.media_format}"
    path.write_bytes(result.media)
    return path, result.offset_s


def read_start_s(path):
    with av.open(str(path)) as container:
        return max(0.0, container.start_time / av.time_base)


def decode_sound(path, start_s, end_s):
    """float32 [N] of [start_s, end_s): decoded frames in a row, the first where its time says."""
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        frames = list(container.decode(audio=0))
        first_s = (
            float(frames[0].pts * frames[0].time_base) - (container.start_time or 0) / av.time_base
        )
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    return samples[max(0, round((start_s - first_s) * rate)) : round((end_s - first_s) * rate)]


def assert_same_sound(found, expected, *, max_shift):
    """The same samples, `max_shift` early or late: the clock of the pieces has its ticks."""
    num = min(len(found), len(expected)) - 100
    assert num > 40_000
    middle = expected[50 : 50 + num]
    shifts = [np.abs(found[50 + n : 50 + n + num] - middle).max() for n in range(-50, 51)]
    assert min(shifts) < 2e-5
    assert abs(int(np.argmin(shifts)) - 50) <= max_shift


# Muxed, apart, DASH, and sound without timestamps of its own; the others are variations.
EXACT = [(name, *window) for name in ("ts", "apart", "dash", "packed") for window in WINDOWS]
EXACT += [
    (name, *window)
    for name in ("ranges", "fmp4", "boxes", "aes", "loose", "webm")
    for window in WINDOWS[1::2]
]


@pytest.mark.parametrize(("name", "start_s", "end_s"), EXACT)
def test_a_cut_is_exact(serve, media, streams, start, tmp_path, name, start_s, end_s):
    serve(name)
    cut, offset_s = fetch_file(start, make_clip(name, start_s, end_s), tmp_path)
    whole = streams["ts" if name == "aes" else name]
    sound_s = whole.audio_start_s or read_start_s(whole.audio)
    zero_s = min(read_start_s(whole.video), sound_s)
    length_s = end_s - start_s

    late_s = read_start_s(whole.video) - zero_s
    frames = decode_frames(cut, offset_s, offset_s + length_s)
    assert len(frames) >= 24
    assert frames == decode_frames(whole.video, start_s - late_s, end_s - late_s)
    original = media["web" if name == "webm" else "both"]
    assert set(frames) <= set(decode_frames(original, 0.0, 9.0))

    late_s = sound_s - zero_s
    found = decode_sound(cut, offset_s, offset_s + length_s)
    expected = decode_sound(whole.audio, start_s - late_s, end_s - late_s)
    # 90,000ths of a second, half a sample each; thousandths, 48 samples.
    assert_same_sound(found, expected, max_shift=48 if name == "webm" else 1)


def test_only_the_pieces_around_the_wanted_seconds_are_fetched(serve, world, start):
    serve("ts")
    with start() as session:
        [(result, _), (again, _)] = fetch(session, *[make_clip("ts", 6.5, 7.5)] * 2)
    assert isinstance(result, Download)
    assert again == result
    # The first for the clock, those from two seconds before on; none twice.
    asked = {path: times for path, times in world.asked.items() if path.endswith(".ts")}
    assert asked == dict.fromkeys(["/ts/piece0.ts", "/ts/piece2.ts", "/ts/piece3.ts"], 1)


def test_long_before_the_cut_is_left_out(serve, world, start, tmp_path):
    whole = serve("long")
    path, offset_s = fetch_file(start, make_clip("long", 26.0, 27.5), tmp_path)
    assert offset_s < 6
    assert path.stat().st_size < whole.video.stat().st_size / 4
    frames = decode_frames(path, offset_s, offset_s + 1.5)
    assert len(frames) >= 24
    assert frames == decode_frames(whole.video, 26.0, 27.5)
    assert sum(path.endswith(".ts") for path in world.asked) <= 5


def test_a_file_is_taken_before_pieces(serve, world, start):
    serve("ts")
    world.sources["ts"] = ("/ts/index.m3u8", "/media/both.mp4")
    with start() as session:
        [(mixed, _), (plain, _)] = [
            fetch(session, make_clip(name, 2.5, 4.0))[0] for name in ("ts", "both")
        ]
    assert mixed == plain
    assert not [path for path in world.asked if path.endswith(".ts")]


def test_only_the_sound_of_a_voice_is_fetched(serve, world, start, tmp_path):
    serve("apart")
    path, _ = fetch_file(start, make_clip("apart", kind=Kind.voice), tmp_path)
    with av.open(str(path)) as container:
        assert (len(container.streams.video), len(container.streams.audio)) == (0, 1)
    assert not [path for path in world.asked if path.startswith("/apart/s0-")]


@pytest.mark.parametrize("name", ["ts", "apart", "dash"])
@pytest.mark.parametrize(("start_s", "end_s"), [(20.0, 21.0), (7.0, 9.5)])
def test_outside_the_video(serve, start, name, start_s, end_s):
    serve(name)
    with start() as session:
        [(result, _)] = fetch(session, make_clip(name, start_s, end_s))
    assert result.reason is Reason.outside_video, result


@pytest.mark.parametrize("name", ["ts", "apart", "dash"])
def test_a_list_may_end_a_little_late(serve, start, name):
    serve(name)
    with start() as session:
        [(result, _)] = fetch(session, make_clip(name, 6.5, 8.4))
    assert isinstance(result, Download)


def test_the_whole_of_a_video(serve, streams, start, tmp_path):
    whole = serve("ts")
    path, offset_s = fetch_file(start, make_clip("ts", None, None), tmp_path)
    assert decode_frames(path, offset_s, 9.0) == decode_frames(whole.video, 0.0, 9.0)


def test_rounded_lengths_do_no_harm(serve, world, streams, start, tmp_path):
    """Each piece is said to last 3 s instead of 2."""
    whole = serve("ts")
    edit(world, "/ts/index.m3u8", "#EXTINF:2.002000", "#EXTINF:3")
    path, offset_s = fetch_file(start, make_clip("ts", 6.2, 7.7), tmp_path)
    wanted = decode_frames(whole.video, 6.2, 7.7)
    assert decode_frames(path, offset_s, offset_s + 1.5) == wanted


def test_every_request_has_its_turn_at_the_gate(serve, world, start):
    serve("ts")
    turns = []

    @contextmanager
    def gate():
        turns.append(sum(world.asked.values()))
        yield

    with start(gate=gate) as session:
        fetch(session, make_clip("ts"))
    pages = world.asked["/watch/ts"] + 1  # yt-dlp's own, in one turn with the manifest
    assert len(turns) == 1 + sum(world.asked.values()) - pages


def test_a_session_has_its_cookies(serve, world, start, tmp_path, monkeypatch):
    serve("ts")
    file = tmp_path / "cookies.txt"
    line = f"127.0.0.1\tFALSE\t/\tFALSE\t{2**31}\tsession\tsecret"
    file.write_text(f"# Netscape HTTP Cookie File\n{line}\n", encoding="utf-8")
    monkeypatch.setenv("SPEECH_PORTRAITS_COOKIES", str(file))
    with start() as session:
        fetch(session, make_clip("ts"))
    assert world.headers["/ts/piece2.ts"]["Cookie"] == "session=secret"
    assert world.headers["/ts/piece2.ts"]["User-Agent"].startswith("Mozilla")


def test_youtube_with_nothing_but_hls(serve, world, start, clock, tmp_path, monkeypatch):
    """The pinned extractor, with a player response that a plugin of the tests hands to it.

    It makes one wait for an advertisement of 30 s.
    """
    file = tmp_path / "response.json"
    monkeypatch.setenv("PLAYABILITY_FILE", str(file))
    monkeypatch.setenv(PLUGINS_VARIABLE, str(Path(__file__).parent))
    stream = serve("apart")
    edit(world, stream.manifest, "s0.m3u8", "s0.m3u8?/itag/230")  # one format for each itag
    edit(world, stream.manifest, "s1.m3u8", "s1.m3u8?/itag/234")
    url = world.url + stream.manifest
    details = {"videoId": "abcdefghijk", "title": "t", "lengthSeconds": "8"}
    response = {"playabilityStatus": {"status": "OK"}, "videoDetails": details}
    response["available_at"] = time.time() + 30
    file.write_text(json.dumps({**response, "streamingData": {"hlsManifestUrl": url}}))
    with start(template="https://youtube.test/{video_id}") as session:
        [(result, attempts)] = fetch(session, make_clip("abcdefghijk"))
    assert isinstance(result, Download), result
    assert attempts == 1
    assert world.asked["/apart/s0-3.m4s"] == world.asked["/apart/s1-3.m4s"] == 1
    [slept_s] = clock.slept
    assert 20 < slept_s <= 30
