"""yt-dlp as a library: its words kept, nothing loaded from the user's home."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.globals import all_plugins_loaded, plugin_dirs
from yt_dlp.networking import Request
from yt_dlp.networking.exceptions import RequestError
from yt_dlp.utils import YoutubeDLError

from tasks.outcomes import Reason
from tasks.params import DownloadParams
from tasks.remote.failures import FetchFailed, classify_error, explain_manifest, has_no_manifest
from tasks.remote.options import (
    FORMATS,
    PROXY_SETTINGS,
    build_options,
    check_client_options,
    is_youtube,
    read_cookies,
    read_proxy,
)
from tasks.remote.scrub import clean_message

LOG = logging.getLogger(__name__)
# Folders of yt-dlp plugins (a PO token provider, say), or "default" for wherever yt-dlp looks.
PLUGINS_VARIABLE = "SPEECH_PORTRAITS_PLUGINS"


class Words:
    """What yt-dlp says: warnings of the current call are kept, the rest goes to the debug log.

    So are the current call's failed requests, of which extractors may make warnings.
    """

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.failures: list[RequestError] = []

    def clear(self) -> None:
        self.warnings.clear()
        self.failures.clear()

    def debug(self, message: str) -> None:
        LOG.debug("%s", clean_message(message))

    info = debug
    error = debug

    def warning(self, message: str) -> None:
        self.warnings.append(clean_message(message.removeprefix("WARNING: ")))
        LOG.debug("%s", self.warnings[-1])


class Client:
    """A YoutubeDL and its words; `extract` and `open` raise FetchFailed only."""

    def __init__(self, ydl: YoutubeDL, words: Words) -> None:
        self._ydl, self._words = ydl, words

    def extract(
        self, url: str, *, wants_video: bool = True, wants_audio: bool = True
    ) -> dict[str, Any]:
        """The info dict with the formats chosen for what is wanted; downloads no media."""
        self._words.clear()
        formats = FORMATS[wants_video, wants_audio]
        self._ydl.format_selector = self._ydl.build_format_selector(formats)
        try:
            info = self._ydl.extract_info(url, download=False)
        except (YoutubeDLError, OSError) as error:
            raise self._explain(error) from None
        return dict(info or {})

    def _explain(self, error: BaseException) -> FetchFailed:
        """No format is to be had where the manifest was not: then that is what failed."""
        failure = classify_error(error, warnings=self._words.warnings)
        if failure.reason is Reason.no_format and has_no_manifest(self._words.warnings):
            cause = self._words.failures[-1] if self._words.failures else None
            return explain_manifest(cause, warnings=self._words.warnings)
        return failure

    def read_start(self, url: str, headers: dict[str, str], num_bytes: int) -> tuple[str, bytes]:
        """Content type and first bytes of a URL; raises FetchFailed with status and Retry-After."""
        request = Request(url, headers={**headers, "Range": f"bytes=0-{num_bytes - 1}"})
        try:
            with self._ydl.urlopen(request) as response:
                return response.headers.get("Content-Type", ""), response.read(num_bytes)
        except (RequestError, OSError) as error:
            raise classify_error(error, warnings=[]) from None

    def read_cookies(self, url: str) -> str | None:
        """The Cookie header for a URL, of all cookies that were given or came on the way."""
        header = self._ydl.cookiejar.get_cookie_header(url)
        return None if header is None else str(header)


@contextmanager
def open_client(params: DownloadParams) -> Iterator[Client]:
    """Raises ValueError for client options, cookies or a proxy that cannot be used."""
    choose_plugins()
    words = Words()
    options = build_options(params)
    with use_proxy(), YoutubeDL({**options, "logger": words}) as ydl:
        ydl.urlopen = partial(_open_url, ydl.urlopen, words)
        yield Client(ydl, words)


def _open_url(urlopen: Callable[[Any], Any], words: Words, request: Any) -> Any:
    try:
        return urlopen(request)
    except RequestError as error:
        words.failures.append(error)
        raise


def choose_plugins() -> None:
    """Plugins come from the folders named in the environment only, not from the user's home."""
    wanted = [name for name in os.environ.get(PLUGINS_VARIABLE, "").split(os.pathsep) if name]
    if plugin_dirs.value != wanted:
        plugin_dirs.value = wanted
        all_plugins_loaded.value = False


@contextmanager
def use_proxy() -> Iterator[None]:
    """yt-dlp and ffmpeg take the proxy from the environment: no password on a command line."""
    proxy = read_proxy()
    before = {name: os.environ.get(name) for name in PROXY_SETTINGS}
    if proxy is not None:
        os.environ.update(dict.fromkeys(PROXY_SETTINGS, proxy))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def check_javascript_runtime(params: DownloadParams | None = None) -> str | None:
    """Name and version as yt-dlp finds it, None where it cannot solve YouTube's pages; offline."""
    chosen = (params or DownloadParams()).client_options.get("js_runtimes")
    options = {"quiet": True} | ({"js_runtimes": chosen} if chosen else {})
    with YoutubeDL(options) as ydl:
        for runtime in ydl._js_runtimes.values():
            info = runtime.info if runtime else None
            if info is not None and info.supported:
                return f"{info.name} {info.version}"
    return None


def check_setup(params: DownloadParams, *, url_template: str) -> None:
    """Raises ValueError for what would fail on every video, before any work starts."""
    check_client_options(params.client_options)
    read_cookies()
    read_proxy()
    if is_youtube(url_template) and check_javascript_runtime(params) is None:
        raise ValueError(
            "YouTube needs a JavaScript runtime and yt-dlp finds none: install yt-dlp[deno]"
        )
