"""From a video's page to the URLs of its media: once per video, whatever the number of segments."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from tasks.outcomes import Reason
from tasks.records import Seconds
from tasks.remote.client import Client
from tasks.remote.failures import FetchFailed
from tasks.remote.options import is_youtube
from tasks.remote.playlist import Playlist, read_dash

YOUTUBE_ID = re.compile(r"[0-9A-Za-z_-]{11}")
LIVE = frozenset({"is_live", "is_upcoming", "post_live"})
IN_PIECES = frozenset({"m3u8", "m3u8_native", "http_dash_segments"})
# Keys and parameters of an extractor's own making, which no playlist tells.
FOREIGN = ("hls_aes", "extra_param_to_segment_url", "extra_param_to_key_url")
# Asked by ffmpeg for each request; the rest is negotiated by whoever connects.
UNUSED_HEADERS = frozenset({"accept-encoding", "cookie", "host", "range"})


@dataclass(frozen=True)
class MediaUrl:
    """One media to read: muxed, or one stream of the two. `cookies` are those meant for this URL.

    A media in pieces has the URL of its manifest; an HLS `playlist` stands there, still to be read.
    """

    url: str
    headers: Mapping[str, str]
    cookies: str | None
    extension: str
    video_codec: str | None
    audio_codec: str | None
    is_in_pieces: bool = False
    playlist: Playlist | None = None


@dataclass(frozen=True)
class ResolvedVideo:
    """`media` holds one file, or the picture's and the sound's; all of them in pieces, or none.

    They are to be had from `available_at` on, in seconds since 1970: YouTube makes one wait for the
    length of its advertisements.
    """

    media: tuple[MediaUrl, ...]
    duration_s: Seconds | None
    height_px: int | None
    available_at: float = 0.0

    @property
    def is_in_pieces(self) -> bool:
        return any(media.is_in_pieces for media in self.media)


def build_url(template: str, video_id: str) -> str:
    """The video's page; the id is data, so it is percent-encoded. Raises FetchFailed(bad_id)."""
    url = template.replace("{video_id}", quote(video_id, safe=""))
    is_bad = not video_id or video_id in (".", "..") or not video_id.isprintable()
    if is_bad or (is_youtube(template) and not YOUTUBE_ID.fullmatch(video_id)):
        raise FetchFailed(Reason.bad_id, f"{video_id!r} cannot be a video's id")
    if urlsplit(url).scheme not in ("http", "https"):
        raise FetchFailed(Reason.refused_address, f"{url}: neither http nor https")
    return url


def resolve_video(
    url: str, *, client: Client, wants_video: bool = True, wants_audio: bool = True
) -> ResolvedVideo:
    """Asks yt-dlp, one attempt; raises FetchFailed."""
    info = client.extract(url, wants_video=wants_video, wants_audio=wants_audio)
    if "entries" in info:
        info = take_only_entry(info)
    if info.get("live_status") in LIVE or info.get("is_live"):
        raise FetchFailed(Reason.live, f"not a finished video: {info.get('live_status')}")
    chosen = info.get("requested_formats") or [info]
    media = tuple(read_media_url(item) for item in chosen if item.get("url"))
    if not media:
        raise FetchFailed(Reason.no_format, "yt-dlp found no format")
    available_at = max(float(item.get("available_at") or 0.0) for item in chosen)
    return ResolvedVideo(media, info.get("duration"), info.get("height"), available_at)


def take_only_entry(info: Mapping[str, Any]) -> dict[str, Any]:
    """The video of a page that holds exactly one."""
    entries = [entry for entry in info["entries"] if entry]
    if len(entries) != 1:
        found = "several videos" if entries else "no video"
        raise FetchFailed(Reason.no_format, f"{found} on the page")
    return dict(entries[0])


def read_media_url(chosen: Mapping[str, Any]) -> MediaUrl:
    """One chosen format; raises FetchFailed(refused_address) unless it is plain http(s)."""
    url = str(chosen["url"])
    if urlsplit(url).scheme not in ("http", "https"):
        raise FetchFailed(Reason.refused_address, f"{url}: neither http nor https")
    if any(chosen.get(key) for key in FOREIGN):
        raise FetchFailed(Reason.no_format, "a playlist with keys or parameters of its site's own")
    headers = {
        name: value
        for name, value in (chosen.get("http_headers") or {}).items()
        if name.lower() not in UNUSED_HEADERS
    }
    return MediaUrl(
        url=url,
        headers=headers,
        cookies=chosen.get("cookies"),
        extension=str(chosen.get("ext") or ""),
        video_codec=_read_codec(chosen, "vcodec"),
        audio_codec=_read_codec(chosen, "acodec"),
        is_in_pieces=chosen.get("protocol") in IN_PIECES,
        playlist=read_dash(chosen) if chosen.get("protocol") == "http_dash_segments" else None,
    )


def _read_codec(chosen: Mapping[str, Any], key: str) -> str | None:
    """None where the format has no such stream or yt-dlp does not know."""
    codec = chosen.get(key)
    return None if codec in (None, "none") else str(codec)
