"""Client options, secrets, the JavaScript runtime."""

import os

import pytest

from tasks.params import DownloadParams
from tasks.remote.client import check_javascript_runtime, check_setup, open_client, use_proxy
from tasks.remote.options import build_options, is_youtube
from tasks.remote.scrub import LONGEST_MESSAGE, clean_message, clean_url

ALLOWED = {
    "extractor_args": {"youtube": {"player_client": ["tv", "web"]}},
    "sleep_interval_requests": 1.5,
    "force_ipv4": True,
    "user_agent": "me",
}
BAD = [
    {"cookiefile": "x"},
    {"exec": "rm"},
    {"proxy": "http://a:b@c"},
    {"extractor_args": {"youtube": "player_client=tv"}},
    {"socket_timeout": "1"},
    {"user_agent": "a\r\nCookie: b"},
]


def test_allowed_client_options():
    options = build_options(DownloadParams(client_options=ALLOWED))
    assert options["extractor_args"] == ALLOWED["extractor_args"]
    assert options["source_address"] == "0.0.0.0"
    assert options["http_headers"] == {"User-Agent": "me"}
    assert "force_ipv4" not in options


@pytest.mark.parametrize("options", BAD)
def test_other_client_options_are_an_error(options):
    with pytest.raises(ValueError, match=rf"download\.client_options\.{next(iter(options))}"):
        check_setup(DownloadParams(client_options=options), url_template="http://x/{video_id}")


def test_cookies_are_read_and_never_written(tmp_path, monkeypatch, world):
    file = tmp_path / "cookies.txt"
    line = f"127.0.0.1\tFALSE\t/\tFALSE\t{2**31}\tsession\tsecret"
    file.write_text(f"# Netscape HTTP Cookie File\n{line}\n", encoding="utf-8")
    before = file.read_bytes()
    monkeypatch.setenv("SPEECH_PORTRAITS_COOKIES", str(file))
    with open_client(DownloadParams()) as client:
        info = client.extract(world.template.format(video_id="both"))
    assert world.headers["/watch/both"]["Cookie"] == "session=secret"
    assert "session=secret" in info["cookies"]
    assert file.read_bytes() == before


def test_a_missing_cookie_file_is_an_error(monkeypatch):
    monkeypatch.setenv("SPEECH_PORTRAITS_COOKIES", "/nowhere")
    with pytest.raises(ValueError, match="SPEECH_PORTRAITS_COOKIES"):
        check_setup(DownloadParams(), url_template="http://x/{video_id}")


@pytest.mark.parametrize("proxy", ["socks5://a:1", "proxy:8080", "http://:80"])
def test_a_proxy_that_cannot_be_used(monkeypatch, proxy):
    monkeypatch.setenv("SPEECH_PORTRAITS_PROXY", proxy)
    with pytest.raises(ValueError, match="SPEECH_PORTRAITS_PROXY"):
        check_setup(DownloadParams(), url_template="http://x/{video_id}")


def test_the_proxy_goes_by_environment_and_leaves_no_trace(monkeypatch):
    monkeypatch.setenv("SPEECH_PORTRAITS_PROXY", "http://a:b@c:1")
    monkeypatch.delenv("http_proxy", raising=False)
    with use_proxy():
        assert os.environ["http_proxy"] == "http://a:b@c:1"
    assert "http_proxy" not in os.environ


def test_the_javascript_runtime_of_the_packages_is_found():
    name, version = check_javascript_runtime().split()
    assert (name, int(version.split(".")[0]) >= 2) == ("deno", True)


def test_a_missing_runtime_matters_for_youtube_only():
    params = DownloadParams(client_options={"js_runtimes": {"deno": {"path": "/nowhere/deno"}}})
    check_setup(params, url_template="http://127.0.0.1/{video_id}")
    with pytest.raises(ValueError, match="JavaScript"):
        check_setup(params, url_template="https://www.youtube.com/watch?v={video_id}")


def test_youtube_by_host():
    assert is_youtube("https://www.youtube.com/watch?v=x")
    assert is_youtube("https://youtu.be/x")
    assert not is_youtube("https://notyoutube.com/x")
    assert not is_youtube("http://127.0.0.1/youtube.com/")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ERROR: [a] b: c", "[a] b: c"),
        ("\x1b[0;31mERROR:\x1b[0m x\n y", "x y"),
        ("a; please report this issue on https://x , filling out", "a"),
        ("at http://u:p@h:81/a?sig=1#f end", "at http://h:81/a?… end"),
        (
            "at https://www.youtube.com/watch?v=abc&t=1 end",
            "at https://www.youtube.com/watch?v=abc end",
        ),
        ("https://r1.googlevideo.com/videoplayback/sig/1", "https://r1.googlevideo.com/…"),
        ("proxy me:secret@host", "proxy …@host"),
        ("Cookie: a=b; c=d", "Cookie: …"),
        ("Authorization: Bearer x\nrest", "Authorization: … rest"),
    ],
)
def test_messages_are_cleaned(text, expected):
    assert clean_message(text) == expected


def test_messages_are_bounded():
    assert len(clean_message("x" * 10_000)) == LONGEST_MESSAGE
    assert clean_url("http://[") == "…"
