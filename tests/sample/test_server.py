import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tasks.sample.server import UnsatisfiableRange, parse_range, serve_videos

CONTENT = bytes(range(256)) * 8
VIDEO_ID, PAGE_ID, ABSENT_ID = "-bcdefghij_", "pagepagepag", "nothingher0"


@pytest.fixture
def template(tmp_path: Path) -> Iterator[str]:
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / f"{VIDEO_ID}.mp4").write_bytes(CONTENT)
    (videos / f"{PAGE_ID}.html").write_text("<!DOCTYPE html><title>Gone</title>")
    (tmp_path / "secretfile0.mp4").write_bytes(b"secret")
    with serve_videos(videos) as address:
        yield address


def request(
    template: str, path: str, *, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(template)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def test_a_whole_file_comes_with_its_type_and_length(template: str) -> None:
    status, headers, body = request(template, f"/watch/{VIDEO_ID}.mp4")
    assert (status, body) == (200, CONTENT)
    assert headers["Content-Type"] == "video/mp4"
    assert headers["Content-Length"] == str(len(CONTENT))
    assert headers["Accept-Ranges"] == "bytes"


def test_head_has_no_body(template: str) -> None:
    status, headers, body = request(template, f"/watch/{VIDEO_ID}.mp4", method="HEAD")
    assert (status, headers["Content-Length"], body) == (200, str(len(CONTENT)), b"")


@pytest.mark.parametrize(
    ("asked", "expected", "answered"),
    [
        ("bytes=0-0", CONTENT[:1], "bytes 0-0/2048"),
        ("bytes=10-19", CONTENT[10:20], "bytes 10-19/2048"),
        ("bytes=2000-", CONTENT[2000:], "bytes 2000-2047/2048"),
        ("bytes=2000-99999", CONTENT[2000:], "bytes 2000-2047/2048"),
        ("bytes=-7", CONTENT[-7:], "bytes 2041-2047/2048"),
    ],
)
def test_byte_ranges(template: str, asked: str, expected: bytes, answered: str) -> None:
    status, headers, body = request(template, f"/watch/{VIDEO_ID}.mp4", Range=asked)
    assert (status, body) == (206, expected)
    assert headers["Content-Range"] == answered


def test_a_range_behind_the_end_is_refused(template: str) -> None:
    status, headers, _ = request(template, f"/watch/{VIDEO_ID}.mp4", Range="bytes=2048-")
    assert (status, headers["Content-Range"]) == (416, "bytes */2048")


@pytest.mark.parametrize("header", [None, "bytes=5-2", "bytes=0-1,4-5", "bytes=-", "lines=1-2"])
def test_ranges_that_are_no_ranges_give_the_whole_file(header: str | None) -> None:
    assert parse_range(header, 100) is None


def test_nothing_of_an_empty_file_can_be_asked_for() -> None:
    with pytest.raises(UnsatisfiableRange):
        parse_range("bytes=0-", 0)


@pytest.mark.parametrize(
    "path",
    [
        f"/watch/{ABSENT_ID}.mp4",
        "/watch/../secretfile0.mp4",
        "/watch/%2e%2e%2fsecretfile0.mp4",
        "/watch/..%5csecretfile0.mp4",
        "/secretfile0.mp4",
        f"/watch/{VIDEO_ID}.html",
        "//etc/passwd",
        "/",
    ],
)
def test_all_else_is_not_found(template: str, path: str) -> None:
    status, _, body = request(template, path)
    assert status == 404
    assert b"secret" not in body.replace(b"secretfile0", b"")


def test_a_page_stands_where_a_video_was(template: str) -> None:
    status, headers, body = request(template, f"/watch/{PAGE_ID}.mp4")
    assert status == 200
    assert headers["Content-Type"].startswith("text/html")
    assert body.startswith(b"<!DOCTYPE html>")


def test_the_server_ends_with_the_block(tmp_path: Path) -> None:
    with serve_videos(tmp_path) as template:
        pass
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(template.format(video_id=VIDEO_ID), timeout=1)


def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no folder"), serve_videos(tmp_path / "none"):
        pass


def test_yt_dlp_resolves_the_address(template: str) -> None:
    yt_dlp = pytest.importorskip("yt_dlp")
    options = {"quiet": True, "no_warnings": True, "proxy": "", "noplaylist": True}
    with yt_dlp.YoutubeDL(options) as downloader:
        found = downloader.extract_info(template.format(video_id=VIDEO_ID), download=False)
        assert (found["id"], found["ext"], found["direct"]) == (VIDEO_ID, "mp4", True)
        for video_id in (PAGE_ID, ABSENT_ID):
            with pytest.raises(yt_dlp.utils.DownloadError):
                downloader.extract_info(template.format(video_id=video_id), download=False)
