"""What yt-dlp is given: our options, a closed list of the user's, secrets by environment."""

import io
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tasks.params import DownloadParams

COOKIES_VARIABLE = "SPEECH_PORTRAITS_COOKIES"
PROXY_VARIABLE = "SPEECH_PORTRAITS_PROXY"
PROXY_SETTINGS = ("http_proxy", "https_proxy", "HTTPS_PROXY")
# A file over HTTP can be cut by time with a seek; what comes in pieces is put together first.
DIRECT = "[protocol~='^https?$']"
PIECES = "[protocol~='^(m3u8|m3u8_native|http_dash_segments)$']"
# By (wants video, wants audio).
FORMATS = {
    (True, True): (
        f"bv*{DIRECT}+ba{DIRECT}/b{DIRECT}/bv*{PIECES}+ba{PIECES}/b{PIECES}"
        f"/bv*{DIRECT}/ba{DIRECT}/bv*{PIECES}/ba{PIECES}"
    ),
    (True, False): f"bv{DIRECT}/bv*{DIRECT}/bv{PIECES}/bv*{PIECES}",
    (False, True): f"ba{DIRECT}/b{DIRECT}/ba*{DIRECT}/ba{PIECES}/b{PIECES}/ba*{PIECES}",
}


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_extractor_args(value: Any) -> bool:
    """{extractor: {argument: [text, …]}}"""
    return isinstance(value, dict) and all(
        isinstance(name, str)
        and isinstance(args, dict)
        and all(isinstance(v, list) and all(isinstance(t, str) for t in v) for v in args.values())
        for name, args in value.items()
    )


def _is_runtimes(value: Any) -> bool:
    """{runtime: {"path": text}}"""
    return isinstance(value, dict) and all(isinstance(config, dict) for config in value.values())


# What a user may set in download.client_options; passwords and cookies are not among them.
CHECKS: dict[str, Callable[[Any], bool]] = {
    "extractor_args": _is_extractor_args,
    "js_runtimes": _is_runtimes,
    "sleep_interval_requests": _is_seconds,
    "socket_timeout": _is_seconds,
    "source_address": lambda value: isinstance(value, str),
    "force_ipv4": lambda value: isinstance(value, bool),
    "force_ipv6": lambda value: isinstance(value, bool),
    "user_agent": lambda value: isinstance(value, str) and value.isprintable(),
}


def check_client_options(options: dict[str, Any]) -> None:
    """Raises ValueError naming the key that is not allowed or whose value does not fit."""
    for key, value in options.items():
        name = f"download.client_options.{key}"
        if key not in CHECKS:
            raise ValueError(f"{name}: not among {', '.join(sorted(CHECKS))}")
        if not CHECKS[key](value):
            raise ValueError(f"{name}: {value!r} does not fit")


def build_options(params: DownloadParams) -> dict[str, Any]:
    """yt-dlp's options: nothing from configuration files, no retries but ours, nothing written."""
    check_client_options(params.client_options)
    options: dict[str, Any] = {
        "quiet": True,
        "noprogress": True,
        "color": "no_color",
        "cachedir": False,
        "noplaylist": True,
        "playlist_items": "1:2",
        "retries": 0,
        "extractor_retries": 0,
        "geo_bypass": False,
        "dynamic_mpd": False,  # a live stream's manifest has no formats for us
        "socket_timeout": params.stall_timeout_s,
        # The largest picture up to the limit, else the smallest above it; the original language.
        "format_sort": [f"res:{params.max_height_px}", "lang", "vcodec:h264", "acodec:m4a"],
        "cookiefile": read_cookies(),
    }
    return options | translate_client_options(params.client_options)


def translate_client_options(options: dict[str, Any]) -> dict[str, Any]:
    """The user's options under the names that yt-dlp's API has for them."""
    translated = dict(options)
    if translated.pop("force_ipv4", False):
        translated["source_address"] = "0.0.0.0"  # as yt-dlp's own --force-ipv4
    if translated.pop("force_ipv6", False):
        translated["source_address"] = "::"
    agent = translated.pop("user_agent", None)
    if agent is not None:
        translated["http_headers"] = {"User-Agent": agent}
    return translated


def read_source_address(params: DownloadParams) -> str | None:
    """The address of this machine that requests are to come from, as yt-dlp's own do."""
    chosen = translate_client_options(params.client_options).get("source_address")
    return None if chosen is None else str(chosen)


def read_cookies() -> io.StringIO | None:
    """The cookie file of the environment as text: yt-dlp would write its own changes to a file."""
    path = os.environ.get(COOKIES_VARIABLE)
    if not path:
        return None
    try:
        return io.StringIO(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{COOKIES_VARIABLE}: cannot read the cookie file: {error}") from None


def read_proxy() -> str | None:
    """The proxy's URL from the environment; http only, since ffmpeg knows no other."""
    proxy = os.environ.get(PROXY_VARIABLE)
    if not proxy:
        return None
    try:
        parts = urlsplit(proxy)
        is_usable = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError(f"{PROXY_VARIABLE}: must be http://[user:password@]host:port")
    return proxy


def is_youtube(url: str) -> bool:
    host = (urlsplit(url).hostname or "").lower()
    return bool(re.search(r"(^|\.)(youtube(-nocookie)?\.com|youtu\.be)$", host))
