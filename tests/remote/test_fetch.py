"""One video and all its clips, the formats chosen, and what people already have."""

from dataclasses import replace

import pytest

from tasks.outcomes import Reason
from tasks.records import Clip, Download, Kind
from tasks.remote.failures import FetchFailed
from tasks.remote.fetch import fetch_video
from tasks.remote.resolve import build_url, resolve_video

ALL = {"start_s": 1.0, "end_s": 2.0}


def make_clip(kind=Kind.clip, **more):
    return Clip("name", "test", kind, more.pop("video_id", "both"), **more)


def fetch(session, *clips):
    return [result for _, result, _ in fetch_video(list(clips), session=session)]


def test_a_video_is_resolved_once_for_all_its_clips(world, start):
    clips = [make_clip(start_s=s, end_s=s + 1.0) for s in (0.0, 1.5, 3.0, 5.0)]
    with start() as session:
        done = fetch(session, *clips)
    assert all(isinstance(result, Download) for result in done)
    assert world.asked["/watch/both"] == 1
    assert len({result.media for result in done}) == 4


def test_a_video_that_is_gone_is_asked_for_once(world, start):
    with start() as session:
        done = fetch(session, *[make_clip(video_id="gone", **ALL)] * 3)
    assert [result.reason for result in done] == [Reason.not_found] * 3
    # The page is fine, its media are not: every clip asks for those.
    assert world.asked["/watch/gone"] == 1


def test_a_page_that_is_gone_is_asked_for_once(world, start, make_fault):
    world.faults["/watch/both"] = make_fault("status", 404)
    with start() as session:
        done = fetch(session, *[make_clip(**ALL)] * 3)
    assert [result.reason for result in done] == [Reason.not_found] * 3
    assert world.asked["/watch/both"] == 1


def test_refused_urls_are_resolved_anew(world, start, make_fault):
    world.faults["/media/both.mp4"] = make_fault("status", 403, times=3)
    with start() as session:
        [result] = fetch(session, make_clip(**ALL))
    assert isinstance(result, Download)
    assert world.asked["/watch/both"] > 1


def test_one_clip_outside_the_video_harms_no_other(start):
    with start() as session:
        outside, inside = fetch(session, make_clip(start_s=20.0, end_s=21.0), make_clip(**ALL))
    assert outside.reason is Reason.outside_video
    assert isinstance(inside, Download)


def test_files_as_they_are(media, start):
    with start() as session:
        [whole] = fetch(session, make_clip(media=str(media["silent"])))
        [part] = fetch(session, make_clip(media=str(media["both"]), start_s=4.0, end_s=5.0))
        assert "client" not in vars(session)  # nothing to ask the network for
    assert whole == Download(media["silent"].read_bytes(), "mp4", 0.0, None)
    assert part.offset_s > 0
    assert len(part.media) < media["both"].stat().st_size


def test_files_that_cannot_be_had(media, start, tmp_path):
    (tmp_path / "text.mp4").write_text("no media")
    wanted = [
        (str(tmp_path / "nothing.mp4"), {}, Reason.missing_file),
        (str(tmp_path), {}, Reason.missing_file),
        (str(tmp_path / "text.mp4"), ALL, Reason.unreadable_media),
        (str(media["both"]), {"start_s": 20.0, "end_s": 21.0}, Reason.outside_video),
    ]
    with start() as session:
        for path, seconds, reason in wanted:
            [result] = fetch(session, make_clip(media=path, **seconds))
            assert result.reason is reason, result


def test_a_voice_with_a_picture(world, media, start, tmp_path):
    face = tmp_path / "face.png"
    face.write_bytes(PNG)
    world.files["/face.png"] = PNG
    with start() as session:
        for place in (str(face), f"{world.url}/face.png"):
            clip = make_clip(Kind.pair, media=str(media["tone"]), picture=place)
            [pair] = fetch(session, clip)
            assert pair == Download(media["tone"].read_bytes(), "m4a", 0.0, PNG)
            [alone] = fetch(session, replace(clip, kind=Kind.face, media=None))
            assert alone == Download(None, None, 0.0, PNG)
        [absent] = fetch(session, replace(clip, picture=str(tmp_path / "no.png")))
        [broken] = fetch(session, replace(clip, picture=str(media["tone"])))
    assert (absent.reason, broken.reason) == (Reason.missing_file, Reason.bad_picture)


def test_only_the_sound_of_a_voice_is_fetched(world, start):
    with start() as session:
        [voice] = fetch(session, make_clip(Kind.voice, **ALL))
        [both] = fetch(session, make_clip(**ALL))
    assert len(voice.media) < len(both.media) / 2


@pytest.mark.parametrize("video_id", ["-id", "a b", "../../x", "a&list=1", "é", "a%2Fb", "a?b#c"])
def test_an_id_is_data(world, start, video_id):
    world.files["/media/-id.mp4"] = b""
    with start() as session:
        fetch(session, make_clip(video_id=video_id, **ALL))
    assert world.asked[f"/watch/{video_id}"] == 1


@pytest.mark.parametrize("video_id", ["", ".", "..", "a\nb", "short", "much_too_long_an_id"])
def test_bad_ids(video_id):
    with pytest.raises(FetchFailed) as caught:
        build_url("https://www.youtube.com/watch?v={video_id}", video_id)
    assert caught.value.reason is Reason.bad_id


def test_a_dash_is_no_option():
    url = build_url("https://www.youtube.com/watch?v={video_id}", "-3R472tj_34")
    assert url.endswith("?v=-3R472tj_34")


def test_only_http_templates():
    with pytest.raises(FetchFailed) as caught:
        build_url("file:///tmp/{video_id}", "x")
    assert caught.value.reason is Reason.refused_address


def formats(*rows):
    keys = ("format_id", "ext", "height", "width", "vcodec", "acodec", "protocol", "tbr")
    return [{**dict(zip(keys, row, strict=True)), "url": f"http://x/{row[0]}"} for row in rows]


LADDER = formats(
    ("v1080", "mp4", 1080, 1920, "avc1.64", "none", "https", 4000),
    ("v720", "mp4", 720, 1280, "avc1.64", "none", "https", 2000),
    ("w720", "webm", 720, 1280, "vp9", "none", "https", 1500),
    ("v360", "mp4", 360, 640, "avc1.42", "none", "https", 500),
    ("h720", "mp4", 720, 1280, "avc1.64", "mp4a.40.2", "m3u8_native", 2500),
    ("m4a", "m4a", None, None, "none", "mp4a.40.2", "https", 128),
    ("opus", "webm", None, None, "none", "opus", "https", 160),
)


def choose(session, monkeypatch, rows, **wants):
    ydl = session.client._ydl
    found = {"id": "x", "title": "x", "formats": rows, "extractor": "t", "extractor_key": "T"}
    monkeypatch.setattr(
        ydl,
        "extract_info",
        lambda url, download: ydl.process_ie_result({**found, "webpage_url": url}, download=False),
    )
    video = resolve_video("http://x/x", client=session.client, **wants)
    return [media.url.rpartition("/")[2] for media in video.media], video.height_px


def test_formats(start, monkeypatch, params):
    with start() as session:
        assert choose(session, monkeypatch, LADDER) == (["v720", "m4a"], 720)
        assert choose(session, monkeypatch, LADDER, wants_video=False)[0] == ["m4a"]
        assert choose(session, monkeypatch, LADDER, wants_audio=False)[0] == ["v720"]
        assert choose(session, monkeypatch, [LADDER[0], LADDER[5]])[0] == ["v1080", "m4a"]
        assert choose(session, monkeypatch, [LADDER[2], LADDER[6]])[0] == ["w720", "opus"]
    with start(params=replace(params, max_height_px=480)) as session:
        assert choose(session, monkeypatch, LADDER) == (["v360", "m4a"], 360)


def test_pieces_are_for_want_of_files(start, monkeypatch):
    with start() as session:
        assert choose(session, monkeypatch, LADDER[4:6]) == (["h720"], 720)
        assert choose(session, monkeypatch, LADDER[4:6], wants_video=False)[0] == ["m4a"]


def test_other_protocols_are_no_format(start, monkeypatch):
    with start() as session, pytest.raises(FetchFailed) as caught:
        choose(session, monkeypatch, [{**LADDER[0], "protocol": "rtmp"}])
    assert caught.value.reason is Reason.no_format
    assert "only files, HLS and DASH" in str(caught.value)


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)
