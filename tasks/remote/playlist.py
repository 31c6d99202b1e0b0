"""What a format in pieces consists of: HLS playlists (m3u8 reads them) and yt-dlp's DASH fragments.

HLS is RFC 8216; its section numbers stand beside what is taken from it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import m3u8

from tasks.outcomes import Reason
from tasks.records import Seconds
from tasks.remote.failures import FetchFailed

# What m3u8 raises on text that is no playlist or a broken one.
MALFORMED = (m3u8.ParseError, ValueError, KeyError, TypeError, IndexError, AttributeError)
PLAIN_KEYS = (None, "NONE")


@dataclass(frozen=True)
class Key:
    """AES-128 in CBC mode with PKCS7 padding (4.3.2.4)."""

    url: str
    iv: bytes


@dataclass(frozen=True)
class Piece:
    """A URL, or some of its bytes, with a stretch of the media; times as the playlist counts them.

    Pieces of another `section` run by another clock or have another `init`.
    """

    url: str
    start_s: Seconds = 0.0
    end_s: Seconds = 0.0
    first_byte: int = 0
    num_bytes: int | None = None
    key: Key | None = None
    section: int = 0


@dataclass(frozen=True)
class Playlist:
    """`init` stands before the first piece of every file made of them."""

    init: Piece | None
    pieces: tuple[Piece, ...]

    @property
    def length_s(self) -> Seconds:
        return self.pieces[-1].end_s


def read_hls(text: str, *, url: str) -> Playlist:
    """A media playlist; raises FetchFailed(live, drm or no_format)."""
    try:
        found = m3u8.loads(text, uri=url)
        _check_hls(found)
        pieces = tuple(_read_segments(found))
        first = found.segments[0].init_section
        init = None if first is None else _read_range(first, after=None)
    except MALFORMED as error:
        message = f"{url}: not a playlist of media: {type(error).__name__} {error}"
        raise FetchFailed(Reason.no_format, message) from None
    if init is not None and pieces[0].key is not None:
        # Whether the init is encrypted too depends on the order of two tags, which m3u8 forgets.
        raise FetchFailed(Reason.no_format, "encrypted pieces with an init of their own")
    return Playlist(init, pieces)


def _check_hls(found: m3u8.M3U8) -> None:
    keys = [key for key in (*found.keys, *found.session_keys) if key is not None]
    if any(key.method not in (*PLAIN_KEYS, "AES-128") or _is_foreign(key) for key in keys):
        raise FetchFailed(
            Reason.drm, f"encrypted with {keys[-1].method} {keys[-1].keyformat or ''}"
        )
    if not found.segments:
        raise FetchFailed(Reason.no_format, "the playlist holds no pieces")
    if not found.is_endlist:
        raise FetchFailed(Reason.live, "the playlist has no end yet")
    if found.is_i_frames_only:
        raise FetchFailed(Reason.no_format, "a playlist of key frames only")


def _is_foreign(key: m3u8.Key) -> bool:
    return key.method not in PLAIN_KEYS and key.keyformat not in (None, "identity")


def _read_segments(found: m3u8.M3U8) -> Iterator[Piece]:
    start_s, section, before = 0.0, 0, None
    for segment in found.segments:
        if before is not None:
            other_init = segment.init_section != found.segments[0].init_section
            section += bool(segment.discontinuity) or (other_init and section == 0)
        end_s = start_s + float(segment.duration)
        piece = _read_range(segment, after=before)
        before = Piece(
            piece.url,
            start_s,
            end_s,
            piece.first_byte,
            piece.num_bytes,
            _read_key(segment),
            section,
        )
        start_s = end_s
        yield before


def _read_range(item: Any, *, after: Piece | None) -> Piece:
    """URL and bytes of a segment or an init; a range without its own start goes on (4.3.2.2)."""
    if not item.byterange:
        return Piece(item.absolute_uri)
    length, _, first = item.byterange.strip('"').partition("@")
    goes_on = after is not None and after.url == item.absolute_uri and after.num_bytes is not None
    implied = after.first_byte + (after.num_bytes or 0) if after is not None and goes_on else 0
    return Piece(
        item.absolute_uri, first_byte=int(first) if first else implied, num_bytes=int(length)
    )


def _read_key(segment: m3u8.Segment) -> Key | None:
    """Without an IV of its own a piece has its number for one (5.2)."""
    key = segment.key
    if key is None or key.method in PLAIN_KEYS:
        return None
    number = int(key.iv, 16) if key.iv else segment.media_sequence
    return Key(key.absolute_uri, number.to_bytes(16, "big"))


def read_dash(chosen: Mapping[str, Any]) -> Playlist:
    """From the fragments of one of yt-dlp's formats; raises FetchFailed(no_format).

    A fragment without duration is an init; a second one begins another period.
    """
    base = chosen.get("fragment_base_url") or ""
    init, pieces, section, start_s = None, list[Piece](), 0, 0.0
    for fragment in chosen["fragments"]:
        url = fragment.get("url") or urljoin(base, fragment["path"])
        length_s = fragment.get("duration")
        if length_s is not None:
            pieces.append(Piece(url, start_s, start_s + length_s, section=section))
            start_s += length_s
        elif pieces:
            section += 1
        elif init is None:
            init = Piece(url)
        else:
            raise FetchFailed(Reason.no_format, "DASH pieces of unknown duration")
    if not pieces:
        raise FetchFailed(Reason.no_format, "DASH without pieces of known duration")
    return Playlist(init, tuple(pieces))
