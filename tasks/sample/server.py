"""Serves the sample videos on this machine, so that downloading them is a real download."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

# An address holds an id and nothing else, so none can lead out of the folder.
ADDRESS = re.compile(r"/watch/([A-Za-z0-9_-]{11})\.mp4(?:\?.*)?")
CONTENT_TYPES = {".mp4": "video/mp4", ".html": "text/html; charset=utf-8"}
BYTE_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)

log = logging.getLogger(__name__)


class UnsatisfiableRange(Exception):
    """The range begins behind the file's end."""


@dataclass(frozen=True)
class Span:
    """Bytes `first` to `last`, both included."""

    first: int
    last: int


@contextmanager
def serve_videos(folder: Path) -> Iterator[str]:
    """Yields an address template, `http://127.0.0.1:<free port>/watch/{video_id}.mp4`.

    An id with `<id>.html` instead of `<id>.mp4` gets that page, an id with neither gets 404.
    """
    if not folder.is_dir():
        raise ValueError(f"no folder with sample videos at {folder}")
    server = VideoServer(("127.0.0.1", 0), partial(VideoHandler, folder=folder))
    thread = Thread(target=server.serve_forever, name="sample-videos", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/watch/{{video_id}}.mp4"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class VideoServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up early is no error: downloaders look at a file's head first."""
        if isinstance(sys.exception(), ConnectionError):
            log.debug("%s hung up", client_address)
        else:
            super().handle_error(request, client_address)


class VideoHandler(BaseHTTPRequestHandler):
    """GET and HEAD of one folder's files, with byte ranges (RFC 9110, section 14)."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: Any, folder: Path) -> None:
        self.folder = folder
        super().__init__(*arguments)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, format: str, *arguments: Any) -> None:
        log.debug(format, *arguments)

    def _answer(self, *, with_body: bool) -> None:
        path = find_file(self.folder, self.path)
        if path is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        content = path.read_bytes()
        try:
            span = parse_range(self.headers.get("Range"), len(content))
        except UnsatisfiableRange:
            self._refuse_range(len(content))
            return
        self._send_head(path, size=len(content), span=span)
        if with_body:
            self.wfile.write(content[span.first : span.last + 1] if span else content)

    def _send_head(self, path: Path, *, size: int, span: Span | None) -> None:
        self.send_response(HTTPStatus.PARTIAL_CONTENT if span else HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPES[path.suffix])
        self.send_header("Accept-Ranges", "bytes")
        length = span.last - span.first + 1 if span else size
        self.send_header("Content-Length", str(length))
        if span:
            self.send_header("Content-Range", f"bytes {span.first}-{span.last}/{size}")
        self.end_headers()

    def _refuse_range(self, size: int) -> None:
        self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        self.send_header("Content-Range", f"bytes */{size}")
        self.send_header("Content-Length", "0")
        self.end_headers()


def find_file(folder: Path, address: str) -> Path | None:
    match = ADDRESS.fullmatch(address)
    if not match:
        return None
    candidates = (folder / f"{match[1]}{suffix}" for suffix in CONTENT_TYPES)
    return next((path for path in candidates if path.is_file()), None)


def parse_range(header: str | None, size: int) -> Span | None:
    """The bytes asked for; None where there is no header or, as RFC 9110 allows, one that this
    server does not serve (several ranges, another unit). Raises UnsatisfiableRange."""
    match = BYTE_RANGE.fullmatch(header.strip()) if header else None
    if not match or match[0] == "bytes=-":
        return None
    first, last = match[1], match[2]
    if not first:
        if int(last) == 0 or size == 0:
            raise UnsatisfiableRange
        return Span(max(0, size - int(last)), size - 1)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise UnsatisfiableRange
    return Span(int(first), min(int(last), size - 1) if last else size - 1)
