"""Makes a foreign error message fit for shards and logs: one line, bounded, without secrets."""

import re
from urllib.parse import parse_qs, urlsplit

LONGEST_MESSAGE = 500
ANSI_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
HEADER = re.compile(r"(?i)\b((?:set-)?cookie|(?:proxy-)?authorization)\s*[:=]\s*[^\r\n'\"]*")
URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>)]+", re.IGNORECASE)
USER = re.compile(r"[^\s/@:'\"]+:[^\s/@'\"]+@")
# Signed on the way (expiry, address, signature stand in path and query).
SIGNED_HOST = re.compile(r"(?i)(^|\.)googlevideo\.com$")
# yt-dlp's request to report a bug: nothing about the video.
BUG_REPORT = re.compile(r"\s*[;,] please report this issue on .*$", re.IGNORECASE | re.DOTALL)


def clean_message(text: str) -> str:
    """One line of bounded length; colours, cookies, passwords and signatures gone."""
    text = ANSI_CODE.sub("", text).removeprefix("ERROR: ")
    text = BUG_REPORT.sub("", text)
    text = HEADER.sub(r"\1: …", text)
    text = URL.sub(lambda match: clean_url(match[0]), text)
    text = USER.sub("…@", text)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"


def clean_url(url: str) -> str:
    """The URL without user, password, query and fragment; a query's video id `v` stays."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "…"
    # A port of this machine differs from run to run and says nothing.
    named = port and host not in ("127.0.0.1", "::1", "localhost")
    place = f"{parts.scheme}://{host}" + (f":{port}" if named else "")
    if SIGNED_HOST.search(host):
        return f"{place}/…"
    video = parse_qs(parts.query).get("v", [""])[0]
    query = (f"?v={video}" if video else "?…") if parts.query else ""
    return place + parts.path + query
