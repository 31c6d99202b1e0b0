"""Names of videos and clips."""

import hashlib
import re

from tasks.records import Seconds

YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
UNSAFE = re.compile(r"[^A-Za-z0-9._-]|^\.")
MAX_SAFE_LENGTH = 120


def to_ms(seconds: Seconds) -> int:
    return round(seconds * 1000)


def make_clip_id(video_id: str, start_s: Seconds | None, end_s: Seconds | None) -> str:
    """`<video_id>_<start_ms>-<end_ms>`; a whole file is `<video_id>_0-end`."""
    start = 0 if start_s is None else to_ms(start_s)
    end = "end" if end_s is None else to_ms(end_s)
    return f"{video_id}_{start}-{end}"


def make_safe_id(text: str) -> str:
    """A relative path as one path-safe name; different texts give different names.

    "/" becomes "~", anything else outside [A-Za-z0-9._-] is percent-encoded; long names end in a
    hash of the text.
    """
    safe = UNSAFE.sub(_escape, text)
    if len(safe) <= MAX_SAFE_LENGTH:
        return safe
    return f"{safe[: MAX_SAFE_LENGTH - 18]}~~{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character == "/":
        return "~"
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))
