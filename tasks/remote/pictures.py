"""Pictures of VGGFace's URL lists: bounded, checked, and from public addresses only."""

import http.client
import ssl
import time
from functools import partial
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from tasks.media.images import read_picture
from tasks.outcomes import Reason, Rejected
from tasks.params import DownloadParams
from tasks.remote.addresses import connect
from tasks.remote.failures import FetchFailed, classify_status, read_retry_after
from tasks.remote.options import read_proxy

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CHUNK_BYTES = 65_536
BYTES_PER_MB = 1_000_000
PIXELS_PER_MEGAPIXEL = 1_000_000
# What a server says of a picture, or of a file it knows nothing about.
CONTENT_TYPES = ("image/", "application/octet-stream", "binary/octet-stream")
HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; speech-portraits)",
    "Accept": "image/*",
    "Accept-Encoding": "identity",
}
# Left as they are in a URL; everything else is percent-encoded.
URL_CHARACTERS = "%/:=&?~#+!$,;'@()*[]"


def fetch_picture(url: str, *, params: DownloadParams) -> bytes:
    """The picture's bytes as they came, one attempt; raises FetchFailed."""
    deadline_s = time.monotonic() + params.segment_timeout_s
    for _ in range(MAX_REDIRECTS + 1):
        try:
            target, data = _request(url, params=params, deadline_s=deadline_s)
        except TimeoutError as error:
            raise FetchFailed(Reason.timeout, f"{url}: {error}") from None
        except http.client.IncompleteRead as error:
            raise FetchFailed(Reason.truncated, f"{url}: {error}") from None
        except (OSError, http.client.HTTPException) as error:
            raise FetchFailed(Reason.network, f"{url}: {error or type(error).__name__}") from None
        if target is None:
            return check_picture(data, params=params)
        url = target
    raise FetchFailed(Reason.server_error, f"{url}: more than {MAX_REDIRECTS} redirects")


def check_picture(data: bytes, *, params: DownloadParams) -> bytes:
    """The same bytes, if they decode and are not too large; raises FetchFailed(bad_picture)."""
    try:
        read_picture(data, max_pixels=int(params.picture_max_megapixels * PIXELS_PER_MEGAPIXEL))
    except Rejected as error:
        raise FetchFailed(Reason.bad_picture, error.message) from None
    return data


def _request(url: str, *, params: DownloadParams, deadline_s: float) -> tuple[str | None, bytes]:
    """Where a redirect leads, or None and the body."""
    connection, path = _prepare(url, params)
    try:
        connection.request("GET", path, headers=HEADERS)
        response = connection.getresponse()
        location = response.getheader("Location")
        if response.status in REDIRECTS and location:
            return urljoin(url, location), b""
        _check_answer(response, url)
        return None, _read_body(response, params=params, deadline_s=deadline_s)
    finally:
        connection.close()


def _prepare(url: str, params: DownloadParams) -> tuple[http.client.HTTPConnection, str]:
    """An unconnected connection that will check the address, and the path to ask for."""
    try:
        parts = urlsplit(quote(url.strip(), safe=URL_CHARACTERS))
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise FetchFailed(Reason.bad_picture, f"{url}: {error}") from None
    if parts.scheme not in ("http", "https"):
        raise FetchFailed(Reason.refused_address, f"{url}: neither http nor https")
    if not host:
        raise FetchFailed(Reason.bad_picture, f"{url}: no host")
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
    )
    # The one place where http.client lets a caller choose the address it connects to.
    vars(connection)["_create_connection"] = lambda *_: opened()
    return connection, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _check_answer(response: http.client.HTTPResponse, url: str) -> None:
    if response.status != http.client.OK:
        raise FetchFailed(
            classify_status(response.status),
            f"{url}: HTTP Error {response.status}: {response.reason}",
            retry_after_s=read_retry_after(response.getheader("Retry-After")),
        )
    kind = (response.getheader("Content-Type") or CONTENT_TYPES[0]).lower()
    if not kind.startswith(CONTENT_TYPES):
        raise FetchFailed(Reason.bad_picture, f"{url}: {kind} instead of a picture")


def _read_body(
    response: http.client.HTTPResponse, *, params: DownloadParams, deadline_s: float
) -> bytes:
    """All of the body, given up as soon as it is too large or too slow."""
    limit = int(params.picture_max_mb * BYTES_PER_MB)
    announced = response.length
    body = bytearray()
    while chunk := response.read1(CHUNK_BYTES):
        body += chunk
        if len(body) > limit:
            raise FetchFailed(Reason.bad_picture, f"more than {params.picture_max_mb:g} MB")
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"slower than {params.segment_timeout_s:g} s")
    if announced is not None and len(body) < announced:
        raise http.client.IncompleteRead(b"", announced - len(body))
    return bytes(body)
