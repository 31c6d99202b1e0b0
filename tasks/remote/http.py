"""GET over checked connections: bounded in bytes and time, every redirect checked like the URL."""

import http.client
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from tasks.outcomes import Reason
from tasks.params import DownloadParams
from tasks.records import Seconds
from tasks.remote.addresses import connect
from tasks.remote.failures import FetchFailed, classify_status, read_retry_after
from tasks.remote.options import read_proxy, read_source_address

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CHUNK_BYTES = 65_536
BYTES_PER_MB = 1_000_000
# Left as they are in a URL; everything else is percent-encoded.
URL_CHARACTERS = "%/:=&?~#+!$,;'@()*[]"
HTML = re.compile(rb"^\s*(<!doctype html|<html|<head|<!--)", re.IGNORECASE)


@dataclass(frozen=True)
class Wish:
    """What is asked for, and how much of it at most.

    `headers` are made for each URL, since cookies differ by host; `check_type` may refuse a content
    type; `unfit` is the reason given to a URL or a body that cannot be right.
    """

    headers: Callable[[str], Mapping[str, str]]
    check_type: Callable[[str], None]
    max_mb: float
    timeout_s: Seconds
    unfit: Reason


@dataclass(frozen=True)
class Answer:
    """`url` is where the redirects led; `status` 200 or 206."""

    url: str
    status: int
    content_type: str
    data: bytes


def fetch_url(url: str, wish: Wish, *, params: DownloadParams) -> Answer:
    """One attempt; raises FetchFailed."""
    deadline_s = time.monotonic() + wish.timeout_s
    for _ in range(MAX_REDIRECTS + 1):
        try:
            found = _request(url, wish, params=params, deadline_s=deadline_s)
        except TimeoutError as error:
            raise FetchFailed(Reason.timeout, f"{url}: {error}") from None
        except http.client.IncompleteRead as error:
            raise FetchFailed(Reason.truncated, f"{url}: {error}") from None
        except (OSError, http.client.HTTPException) as error:
            raise FetchFailed(Reason.network, f"{url}: {error or type(error).__name__}") from None
        if isinstance(found, Answer):
            return found
        url = found
    raise FetchFailed(Reason.server_error, f"{url}: more than {MAX_REDIRECTS} redirects")


def is_html(content_type: str, data: bytes) -> bool:
    """True for a page, whatever it was asked to be."""
    return content_type.lower().startswith("text/html") or HTML.match(data) is not None


def _request(url: str, wish: Wish, *, params: DownloadParams, deadline_s: float) -> Answer | str:
    """The answer, or where a redirect leads."""
    connection, path = _prepare(url, params, unfit=wish.unfit)
    try:
        connection.request("GET", path, headers=dict(wish.headers(url)))
        response = connection.getresponse()
        location = response.getheader("Location")
        if response.status in REDIRECTS and location:
            return urljoin(url, location)
        _check_status(response, url)
        content_type = response.getheader("Content-Type") or ""
        wish.check_type(content_type)
        data = _read_body(response, wish, deadline_s=deadline_s)
        return Answer(url, response.status, content_type, data)
    finally:
        connection.close()


def _prepare(
    url: str, params: DownloadParams, *, unfit: Reason
) -> tuple[http.client.HTTPConnection, str]:
    """An unconnected connection that will check the address, and the path to ask for."""
    try:
        parts = urlsplit(quote(url.strip(), safe=URL_CHARACTERS))
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise FetchFailed(unfit, f"{url}: {error}") from None
    if parts.scheme not in ("http", "https"):
        raise FetchFailed(Reason.refused_address, f"{url}: neither http nor https")
    if not host:
        raise FetchFailed(unfit, f"{url}: no host")
    options: dict[str, Any] = {"timeout": params.stall_timeout_s}
    if parts.scheme == "https":
        options["context"] = ssl.create_default_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(host, port, **options)
    else:
        connection = http.client.HTTPConnection(host, port, **options)
    opened = partial(
        connect,
        host,
        connection.port,
        timeout_s=params.stall_timeout_s,
        allow_private=params.allow_private_addresses,
        proxy=read_proxy(),
        source_address=read_source_address(params),
    )
    # The one place where http.client lets a caller choose the address it connects to.
    vars(connection)["_create_connection"] = lambda *_: opened()
    return connection, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _check_status(response: http.client.HTTPResponse, url: str) -> None:
    if response.status not in (http.client.OK, http.client.PARTIAL_CONTENT):
        raise FetchFailed(
            classify_status(response.status),
            f"{url}: HTTP Error {response.status}: {response.reason}",
            retry_after_s=read_retry_after(response.getheader("Retry-After")),
        )


def _read_body(response: http.client.HTTPResponse, wish: Wish, *, deadline_s: float) -> bytes:
    """All of the body, given up as soon as it is too large or too slow."""
    limit = int(wish.max_mb * BYTES_PER_MB)
    announced = response.length
    body = bytearray()
    while chunk := response.read1(CHUNK_BYTES):
        body += chunk
        if len(body) > limit:
            raise FetchFailed(wish.unfit, f"more than {wish.max_mb:g} MB")
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"slower than {wish.timeout_s:g} s")
    if announced is not None and len(body) < announced:
        raise http.client.IncompleteRead(b"", announced - len(body))
    return bytes(body)
