"""Why a request or a video failed: exceptions, statuses and words to one Reason."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from yt_dlp.networking.exceptions import HTTPError, IncompleteRead, TransportError
from yt_dlp.utils import GeoRestrictedError, UnsupportedError, UserNotLive

from tasks.outcomes import Reason, Rejected
from tasks.records import Seconds
from tasks.remote.messages import classify_message, is_handicapped
from tasks.remote.scrub import clean_message

STATUS_REASONS = {
    401: Reason.forbidden,
    403: Reason.forbidden,
    404: Reason.not_found,
    408: Reason.timeout,
    410: Reason.removed,
    425: Reason.server_error,
    429: Reason.rate_limited,
    451: Reason.region_blocked,
}
# yt-dlp's words where there are formats, but none that options.FORMATS asks for.
NOT_ASKED_FOR = "Requested format is not available"
CAN_BE_CUT = "only files, HLS and DASH over http(s) can be cut"
HTML_INSTEAD = "the media request was answered by an HTML page"
# An extractor warns of a manifest that it cannot get and goes on without its formats.
NO_MANIFEST = re.compile(
    r"failed to (download|parse) .*(m3u8|mpd|xml)|has no m3u header|error reading response",
    re.IGNORECASE,
)
# Refused before anything was asked.
NOT_TRIED = frozenset({Reason.paused, Reason.over_budget})
EXCEPTION_REASONS: tuple[tuple[type[Exception], Reason], ...] = (
    (GeoRestrictedError, Reason.region_blocked),
    (UserNotLive, Reason.live),
    (UnsupportedError, Reason.no_format),
    (IncompleteRead, Reason.truncated),
    (TimeoutError, Reason.timeout),
)


class FetchFailed(Rejected):
    """A fetch that failed; `retry_after_s` is what the server asked to wait, if it did."""

    def __init__(
        self, reason: Reason, message: str, *, retry_after_s: Seconds | None = None
    ) -> None:
        super().__init__(reason, clean_message(message), attempts=int(reason not in NOT_TRIED))
        self.retry_after_s = retry_after_s


def classify_status(status: int) -> Reason:
    """The reason of an HTTP status; a redirect that leads nowhere is the server's error."""
    if status >= 500 or 300 <= status < 400:
        return Reason.server_error
    return STATUS_REASONS.get(status, Reason.unknown)


def classify_error(error: BaseException, *, warnings: list[str]) -> FetchFailed:
    """One failure for whatever yt-dlp raised; its words come before the exception's type."""
    chain = list(walk_chain(error))
    http = next((item for item in chain if isinstance(item, HTTPError)), None)
    retry_after_s = read_retry_after(http.response.headers.get("Retry-After")) if http else None
    reason = _choose_reason(str(error), chain, http)
    message = clean_message(str(error))
    if reason in (Reason.no_format, Reason.unknown) and is_handicapped(warnings):
        reason, message = Reason.unknown, f"{message} | {' | '.join(warnings)}"
    elif reason is Reason.unknown and warnings:
        # YouTube's extractor turns failed requests into warnings and fails later, without cause.
        reason = classify_message(" ".join(warnings)) or find_status(" ".join(warnings)) or reason
        message = f"{message} | {' | '.join(warnings)}"
    elif reason is Reason.no_format and NOT_ASKED_FOR in message:
        message = f"{message} | {CAN_BE_CUT}"
    return FetchFailed(reason, message, retry_after_s=retry_after_s)


def has_no_manifest(warnings: list[str]) -> bool:
    """True where yt-dlp warned that it could not get a playlist."""
    return any(NO_MANIFEST.search(warning) for warning in warnings)


def explain_manifest(cause: BaseException | None, *, warnings: list[str]) -> FetchFailed:
    """The failure of a playlist's request where there was one, else what the warnings say of it."""
    if cause is not None:
        return classify_error(cause, warnings=[])
    words = " | ".join(warnings)
    cut = Reason.truncated if "bytes read" in words else Reason.unknown
    return FetchFailed(Reason.timeout if "timed out" in words else cut, words)


def _choose_reason(message: str, chain: list[BaseException], http: HTTPError | None) -> Reason:
    by_words = classify_message(message)
    if http is not None and by_words is not Reason.bot_check:
        return classify_status(http.status)
    if by_words is not None:
        return by_words
    for kind, reason in EXCEPTION_REASONS:
        if any(isinstance(item, kind) for item in chain):
            return reason
    if any(isinstance(item, TransportError | OSError) for item in chain):
        return Reason.timeout if "timed out" in message.lower() else Reason.network
    return Reason.unknown


def walk_chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, what yt-dlp keeps inside it, and what raised it."""
    waiting, seen = [error], set[int]()
    while waiting:
        item = waiting.pop(0)
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        inner = getattr(item, "exc_info", None)
        waiting += [inner[1] if inner else None, getattr(item, "cause", None)]
        waiting += [item.__cause__, item.__context__]


def find_status(words: str) -> Reason | None:
    """The reason of an `HTTP Error 503` in a message that has lost its exception."""
    _, found, rest = words.partition("HTTP Error ")
    digits = rest[:3]
    return classify_status(int(digits)) if found and digits.isdigit() else None


def read_retry_after(value: str | None) -> Seconds | None:
    """Seconds from a Retry-After header, which holds seconds or an HTTP date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
