"""Pictures of VGGFace's URL lists: bounded, checked, and from public addresses only."""

from functools import partial

from tasks.media.images import read_picture
from tasks.outcomes import Reason, Rejected
from tasks.params import DownloadParams
from tasks.remote.failures import FetchFailed
from tasks.remote.http import Wish, fetch_url

PIXELS_PER_MEGAPIXEL = 1_000_000
# What a server says of a picture, or of a file it knows nothing about.
CONTENT_TYPES = ("image/", "application/octet-stream", "binary/octet-stream")
HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; speech-portraits)",
    "Accept": "image/*",
    "Accept-Encoding": "identity",
}


def fetch_picture(url: str, *, params: DownloadParams) -> bytes:
    """The picture's bytes as they came, one attempt; raises FetchFailed."""
    wish = Wish(
        headers=lambda _: HEADERS,
        check_type=partial(_check_type, url),
        max_mb=params.picture_max_mb,
        timeout_s=params.segment_timeout_s,
        unfit=Reason.bad_picture,
    )
    return check_picture(fetch_url(url, wish, params=params).data, params=params)


def check_picture(data: bytes, *, params: DownloadParams) -> bytes:
    """The same bytes, if they decode and are not too large; raises FetchFailed(bad_picture)."""
    try:
        read_picture(data, max_pixels=int(params.picture_max_megapixels * PIXELS_PER_MEGAPIXEL))
    except Rejected as error:
        raise FetchFailed(Reason.bad_picture, error.message) from None
    return data


def _check_type(url: str, content_type: str) -> None:
    if content_type and not content_type.lower().startswith(CONTENT_TYPES):
        raise FetchFailed(Reason.bad_picture, f"{url}: {content_type} instead of a picture")
