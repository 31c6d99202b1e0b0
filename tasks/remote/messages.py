"""What the words of yt-dlp and YouTube mean for a clip.

The table follows yt-dlp 2026.10.26, `extractor/youtube/_video.py` (`_real_extract`: the reason and
subreason of `playabilityStatus`, the login, captcha and rate-limit hints added to them),
`_mistakes.py`, `extractor/common.py` (`raise_geo_restricted`, `report_drm`) and `YoutubeDL.py`
(`raise_no_formats`, format selection). YouTube's own sentences are not in that source, apart from
those in its tests; they are recalled from its issue tracker. The first pattern found wins, so
what looks permanent but is the session's fault ("Video unavailable. This content isn't available,
try again later") stands first. What is not here is `Reason.unknown`, which is tried again.
"""

import re

from tasks.outcomes import Reason

# Typographic and plain apostrophes.
_A = "[’'`]"

PATTERNS: tuple[tuple[Reason, str], ...] = (
    # The session or the address is at fault, not the video.
    (Reason.rate_limited, rf"content isn{_A}t available, try again later"),
    (Reason.rate_limited, r"rate-limited by youtube|too many requests"),
    (Reason.bot_check, rf"confirm (that )?you{_A}?(re| are) not a (ro)?bot"),
    (Reason.bot_check, r"captcha challenge|unusual traffic|anti-bot challenge"),
    (Reason.bot_check, r"ip is likely being blocked"),
    # What another client, session or moment may still get.
    (Reason.unknown, r"playback on other websites has been disabled"),
    (Reason.unknown, r"not available on this app|the page needs to be reloaded"),
    (Reason.unknown, rf"processing this video|content isn{_A}t available"),
    (Reason.unknown, r"an error occurred|something went wrong|please try again later"),
    # The video, for good. Region before removed: its messages speak of copyright too.
    (Reason.region_blocked, r"not made this video available in your country"),
    (Reason.region_blocked, r"blocked (it )?in your country|(not|isn.t) available in your country"),
    (Reason.region_blocked, r"not available from your location|geo.?restrict"),
    (Reason.private, rf"private video|video is private|if you{_A}ve been granted access"),
    (Reason.members_only, r"members.only|join this channel|channel.s members|member level"),
    (Reason.members_only, r"requires payment|premium members|purchase|rental|rent this"),
    (Reason.age_restricted, r"confirm your age|age.?restricted|age[- _]verification"),
    (Reason.age_restricted, r"inappropriate for some users|age_check_required"),
    (Reason.live, r"live event (will begin|has ended)|premieres in|premiere will begin"),
    (Reason.live, r"live stream recording is not available|not currently live|is offline"),
    (Reason.live, r"this live stream|will be live|livestream"),
    (Reason.drm, r"drm protected|drm-protected"),
    (Reason.removed, r"removed by the (uploader|user)|(has been|was) removed"),
    (Reason.removed, r"account (associated with this video )?has been (terminated|closed)"),
    (Reason.removed, r"closed their (youtube )?account|account has been terminated"),
    (Reason.removed, r"copyright (claim|grounds|infring)|violat\w+ youtube|terms of service"),
    (Reason.removed, r"no longer available|trade-?mark claim|court order|legal complaint"),
    (Reason.not_found, rf"does(n{_A}t| not) exist"),
    (Reason.removed, rf"video (is |isn{_A}t )?(unavailable|not available|available anymore)"),
    (Reason.bad_id, r"incomplete youtube id|looks truncated|not a valid url|invalid url"),
    (Reason.bad_id, r"did you forget to quote the url"),
    (Reason.no_format, r"requested format is not available|no video formats found"),
    (Reason.no_format, r"unsupported url|only images are available"),
)
TABLE = tuple((reason, re.compile(pattern, re.IGNORECASE)) for reason, pattern in PATTERNS)

# Warnings that stand behind a missing format: the machine's fault, so nothing is given up for it.
HANDICAP = re.compile(
    r"no supported javascript runtime|challenge solving failed|signature solving failed"
    r"|require a gvs po token|may be missing",
    re.IGNORECASE,
)
# "ERROR: [youtube] dQw4w9WgXcQ: ": an id is data and must not be read as words.
PREFIX = re.compile(r"^\s*(ERROR:\s*)?\[[^\]]*\]\s*(\S+:\s)?")


def classify_message(message: str) -> Reason | None:
    """The reason that the words give; None if the table does not know them."""
    words = PREFIX.sub("", message)
    return next((reason for reason, pattern in TABLE if pattern.search(words)), None)


def is_handicapped(warnings: list[str]) -> bool:
    """True where yt-dlp said that formats are missing for want of a tool or token."""
    return any(HANDICAP.search(warning) for warning in warnings)
