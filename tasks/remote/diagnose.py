"""Finds out why a cut failed: ffmpeg hides the status of a media request, so we ask ourselves."""

import re

from tasks.outcomes import Reason
from tasks.remote.client import Client
from tasks.remote.cut import CutFailed, read_errors
from tasks.remote.failures import HTML_INSTEAD, FetchFailed, classify_status
from tasks.remote.http import is_html
from tasks.remote.resolve import ResolvedVideo

PROBE_BYTES = 1024
STATUS = re.compile(r"HTTP error (\d{3})|Server returned (\d{3})")
SERVER_ERROR = re.compile(r"Server returned 5XX")
WORDS: tuple[tuple[Reason, str], ...] = (
    (Reason.timeout, r"timed out"),
    (Reason.truncated, r"ends prematurely|partial file|media ends at|nothing was cut"),
    (Reason.network, r"reset by peer|refused|unreachable|broken pipe|failed to resolve|tls"),
    (Reason.truncated, r"input/output error|end of file"),
    (Reason.no_format, r"does not contain any stream|matches no streams"),
    (Reason.unreadable_media, r"invalid data|moov atom not found|unknown format"),
)
TABLE = tuple((reason, re.compile(words, re.IGNORECASE)) for reason, words in WORDS)


def explain_failure(failure: CutFailed, source: ResolvedVideo, *, client: Client) -> FetchFailed:
    """One probe per media URL unless ffmpeg's words are plain; the probe's failure tells more.

    What came in pieces was fetched by ourselves, and whole.
    """
    reason = classify_log(f"{failure.log} {failure.message}")
    words = read_errors(failure.log) if "[error]" in failure.log else ""
    message = failure.message if words in failure.message else f"{failure.message} ({words})"
    if reason is Reason.timeout or source.is_in_pieces:
        return FetchFailed(reason, message)
    for media in source.media:
        try:
            kind, start = client.read_start(media.url, dict(media.headers), PROBE_BYTES)
        except FetchFailed as found:
            return found
        if is_html(kind, start):
            return FetchFailed(Reason.unknown, HTML_INSTEAD)
    return FetchFailed(find_status_reason(failure.log) or reason, message)


def find_status_reason(log: str) -> Reason | None:
    """The reason of a status that ffmpeg did print."""
    if match := STATUS.search(log):
        return classify_status(int(match[1] or match[2]))
    return Reason.server_error if SERVER_ERROR.search(log) else None


def classify_log(log: str) -> Reason:
    """The reason that ffmpeg's words give."""
    return next((reason for reason, words in TABLE if words.search(log)), Reason.unknown)
