"""Playlists to pieces: ranges, keys, breaks of the clock."""

import pytest

from tasks.outcomes import Reason
from tasks.remote.failures import FetchFailed
from tasks.remote.playlist import Key, Piece, read_dash, read_hls

URL = "https://a.example/x/list.m3u8?sig=1"
HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n"
END = "#EXT-X-ENDLIST\n"


def read(*lines):
    return read_hls(HEAD + "\n".join(lines) + "\n" + END, url=URL)


def test_addresses_and_times():
    found = read("#EXTINF:4,", "a.ts?b=/c", "#EXTINF:3.5,title", "//b.example/b.ts")
    assert found.init is None
    assert found.pieces == (
        Piece("https://a.example/x/a.ts?b=/c", 0.0, 4.0),
        Piece("https://b.example/b.ts", 4.0, 7.5),
    )
    assert found.length_s == 7.5


def test_ranges_go_on_where_the_last_one_ended():
    found = read(
        '#EXT-X-MAP:URI="f.mp4",BYTERANGE="100@0"',
        *("#EXTINF:1,", "#EXT-X-BYTERANGE:50@100", "f.mp4"),
        *("#EXTINF:1,", "#EXT-X-BYTERANGE:70", "f.mp4"),
        *("#EXTINF:1,", "#EXT-X-BYTERANGE:30@300", "f.mp4"),
    )
    assert found.init == Piece("https://a.example/x/f.mp4", num_bytes=100)
    ranges = [(piece.first_byte, piece.num_bytes) for piece in found.pieces]
    assert ranges == [(100, 50), (150, 70), (300, 30)]


def test_a_piece_without_an_iv_has_its_number_for_one():
    found = read(
        *("#EXTINF:1,", "clear.ts"),
        *('#EXT-X-KEY:METHOD=AES-128,URI="k"', "#EXTINF:1,", "a.ts"),
        *('#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0xff', "#EXTINF:1,", "b.ts"),
        *("#EXT-X-KEY:METHOD=NONE", "#EXTINF:1,", "c.ts"),
    )
    url = "https://a.example/x/k"
    keys = [None, Key(url, bytes(15) + b"\x08"), Key(url, bytes(15) + b"\xff"), None]
    assert [piece.key for piece in found.pieces] == keys


def test_a_break_or_another_init_begins_a_section():
    broken = read("#EXTINF:1,", "a", "#EXT-X-DISCONTINUITY", "#EXTINF:1,", "b", "#EXTINF:1,", "c")
    assert [piece.section for piece in broken.pieces] == [0, 1, 1]
    inits = read('#EXT-X-MAP:URI="i"', "#EXTINF:1,", "a", '#EXT-X-MAP:URI="j"', "#EXTINF:1,", "b")
    assert [piece.section for piece in inits.pieces] == [0, 1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.no_format),
        ("no playlist at all", Reason.no_format),
        ("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n", Reason.no_format),
        (HEAD + "#EXT-X-I-FRAMES-ONLY\n#EXTINF:1,\na\n" + END, Reason.no_format),
        (HEAD + "#EXT-X-BYTERANGE:a@b\n#EXTINF:1,\na\n" + END, Reason.no_format),
        (HEAD + "a.ts\n" + END, Reason.no_format),
        (HEAD + "#EXTINF:1,\na.ts\n", Reason.live),
        (HEAD + '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"\n#EXTINF:1,\na\n' + END, Reason.drm),
    ],
)
def test_what_is_refused(text, reason):
    with pytest.raises(FetchFailed) as caught:
        read_hls(text, url=URL)
    assert caught.value.reason is reason
    assert "sig=1" not in caught.value.message


def test_fragments_of_two_periods():
    fragments = [
        {"path": "init"},
        {"path": "1", "duration": 2.0},
        {"url": "https://b.example/2", "duration": 2.0},
        {"path": "init2"},
        {"path": "3", "duration": 1.0},
    ]
    found = read_dash({"fragment_base_url": "https://a.example/v/", "fragments": fragments})
    assert found.init == Piece("https://a.example/v/init")
    assert [piece.url[-1] for piece in found.pieces] == ["1", "2", "3"]
    assert [piece.section for piece in found.pieces] == [0, 0, 1]
    assert found.length_s == 5.0


@pytest.mark.parametrize("fragments", [[], [{"path": "i"}], [{"path": "a"}, {"path": "b"}]])
def test_fragments_of_unknown_length(fragments):
    with pytest.raises(FetchFailed) as caught:
        read_dash({"fragment_base_url": "https://a.example/", "fragments": fragments})
    assert caught.value.reason is Reason.no_format
