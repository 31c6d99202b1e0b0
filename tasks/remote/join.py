"""Formats in pieces (HLS, DASH): those that hold the wanted seconds, put together in one file.

ffmpeg could read a playlist by itself, but it hides the status of a request, takes a piece cut
short for a whole one, and connects to whatever address a playlist names. Pieces keep the
timestamps of the media they are of, so that a file of some of them is cut like the media itself.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import av

from tasks.outcomes import Reason
from tasks.records import Seconds
from tasks.remote.coverage import Clock, Coverage, read_coverage
from tasks.remote.failures import FetchFailed
from tasks.remote.pieces import Attempt, fetch_piece, fetch_text
from tasks.remote.playlist import Piece, Playlist, read_hls
from tasks.remote.resolve import MediaUrl, ResolvedVideo

# Fetched behind the wanted end: in a piece the sound may lag behind the picture (chosen).
MARGIN_S = 1.0
TIMESTAMP_OWNER = b"com.apple.streaming.transportStreamTimestamp\0"
TIMESTAMP_WRAP, TICKS_PER_SECOND, LONGEST_TAG = 2**33, 90_000, 65_536


@dataclass(frozen=True)
class Opened:
    """A media whose pieces are known; its clock starts at the timestamp `start_s`."""

    media: MediaUrl
    playlist: Playlist
    init: bytes
    start_s: Seconds


@dataclass(frozen=True)
class Joined:
    """A file of some pieces, its own first timestamp, and the clock of the whole media.

    `offset_s` is when packed audio begins, which has no timestamps of its own; else None.
    """

    path: Path
    begin_s: Seconds
    clock: Clock
    offset_s: Seconds | None = None


def open_media(video: ResolvedVideo, attempt: Attempt) -> tuple[Opened, ...]:
    """Playlist, init and first piece of each media; raises FetchFailed."""
    return tuple(_open(media, attempt) for media in video.media)


def _open(media: MediaUrl, attempt: Attempt) -> Opened:
    playlist = _read_playlist(media, attempt)
    init = b""
    if playlist.init is not None:
        init = fetch_piece(playlist.init, media, attempt).read_bytes()
    opened = Opened(media, playlist, init, 0.0)
    path = attempt.folder / "first"
    coverage = _join(playlist.pieces[:1], opened, path, attempt)
    return replace(opened, start_s=max(0.0, coverage.start_s + (read_offset(path) or 0.0)))


def _read_playlist(media: MediaUrl, attempt: Attempt) -> Playlist:
    if media.playlist is not None:
        return media.playlist
    text, url = fetch_text(media, attempt)
    return read_hls(text, url=url)


def join_pieces(
    opened: Sequence[Opened],
    begin_s: Seconds,
    *,
    end_s: Seconds | None,
    folder: Path,
    attempt: Attempt,
) -> list[Joined]:
    """A file of each media's pieces from `begin_s` or earlier to `end_s` (None: the end) or later.

    Seconds count from the start of the media. Raises FetchFailed.
    """
    return [
        _join_around(item, folder / f"joined-{number}", begin_s, end_s, attempt)
        for number, item in enumerate(opened)
    ]


def _join_around(
    opened: Opened, path: Path, begin_s: Seconds, end_s: Seconds | None, attempt: Attempt
) -> Joined:
    """Lengths in a playlist are rounded: what the pieces' own timestamps say counts."""
    pieces, start_s = opened.playlist.pieces, opened.start_s
    first, last = choose_pieces(pieces, begin_s, end_s)
    while True:
        coverage = _join(pieces[first : last + 1], opened, path, attempt)
        offset_s = read_offset(path)
        begins_s = min(span.start_s for span in coverage.spans) + (offset_s or 0.0)
        ends_s = max(span.end_s for span in coverage.spans) + (offset_s or 0.0)
        if first > 0 and begins_s > start_s + begin_s:
            first -= 1
        elif last + 1 < len(pieces) and end_s is not None and ends_s < start_s + end_s + MARGIN_S:
            last += 1
        else:
            break
    is_whole = last + 1 == len(pieces)
    length_s = ends_s - start_s if is_whole else opened.playlist.length_s
    return Joined(path, coverage.start_s, Clock(start_s, length_s), offset_s)


def read_offset(path: Path) -> Seconds | None:
    """When packed audio begins, by the tag before its first frame (RFC 8216, 3.4)."""
    with path.open("rb") as file:
        head = file.read(LONGEST_TAG)
    _, found, rest = head.partition(TIMESTAMP_OWNER)
    if not found or not head.startswith(b"ID3"):
        return None
    return int.from_bytes(rest[:8], "big") % TIMESTAMP_WRAP / TICKS_PER_SECOND


def choose_pieces(
    pieces: Sequence[Piece], begin_s: Seconds, end_s: Seconds | None
) -> tuple[int, int]:
    """First and last of the pieces around the wanted seconds, by the playlist's times."""
    first = max((n for n, piece in enumerate(pieces) if piece.start_s <= begin_s), default=0)
    if end_s is None:
        return first, len(pieces) - 1
    until = [n for n, piece in enumerate(pieces) if piece.start_s < end_s + MARGIN_S]
    return first, max(first, *until)


def _join(pieces: Sequence[Piece], opened: Opened, path: Path, attempt: Attempt) -> Coverage:
    """Writes the file and reads what it holds."""
    if any(piece.section for piece in pieces):
        raise FetchFailed(Reason.no_format, "pieces behind a break of the clock (discontinuity)")
    found = [fetch_piece(piece, opened.media, attempt) for piece in pieces]
    with path.open("wb") as file:
        file.write(opened.init)
        for part in found:
            with part.open("rb") as source:
                shutil.copyfileobj(source, file)
    try:
        coverage = read_coverage(path)
    except (av.FFmpegError, ValueError) as error:
        message = f"the pieces are no media: {type(error).__name__}"
        raise FetchFailed(Reason.unreadable_media, message) from None
    if not coverage.spans:
        raise FetchFailed(Reason.no_format, "the pieces hold neither picture nor sound")
    return coverage
