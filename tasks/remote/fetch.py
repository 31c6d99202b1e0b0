"""One video and all its clips: resolved once, each segment cut, with patience and manners."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.outcomes import Reason, Rejected
from tasks.records import Clip, Download, Seconds
from tasks.remote.brake import check_brake, note_failure, note_success, read_cause
from tasks.remote.budget import reserve, settle
from tasks.remote.cut import CutFailed, Segment, cut_segment
from tasks.remote.diagnose import explain_failure
from tasks.remote.failures import FetchFailed
from tasks.remote.join import Opened, join_pieces, open_media
from tasks.remote.local import cut_local, read_file
from tasks.remote.pictures import check_picture, fetch_picture
from tasks.remote.pieces import forget_pieces, start_attempt
from tasks.remote.resolve import ResolvedVideo, build_url, resolve_video
from tasks.remote.retries import call_with_retries
from tasks.remote.session import Session

# What the video's page has no part in: the next clip of the same video may fare better.
OWN_REASONS = frozenset({Reason.over_budget, Reason.paused})


@dataclass(frozen=True)
class Wanted:
    """What is to be fetched for a clip; a picture of its own replaces the video's frames."""

    video: bool
    audio: bool
    picture: bool

    @property
    def media(self) -> bool:
        return self.video or self.audio


@dataclass(frozen=True)
class Found:
    """A video, and its media opened where they come in pieces."""

    video: ResolvedVideo
    opened: tuple[Opened, ...]


class Source:
    """A video that is resolved when first asked for, and anew once its URLs are refused.

    `folder` keeps the pieces of a video that comes in pieces, for all its clips.
    """

    def __init__(self, resolve: Callable[[], Found], folder: Path) -> None:
        self._resolve = resolve
        self._video: Found | None = None
        self.folder = folder
        self.verdict: FetchFailed | None = None

    def get(self) -> Found:
        if self._video is None:
            self._video = self._resolve()
        return self._video

    @property
    def is_resolved(self) -> bool:
        return self._video is not None

    @property
    def duration_s(self) -> Seconds | None:
        return self._video.video.duration_s if self._video else None

    def forget(self) -> None:
        self._video = None


def choose_wanted(clip: Clip) -> Wanted:
    has_picture = clip.picture is not None
    return Wanted(
        video=clip.kind.has_face and not has_picture,
        audio=clip.kind.has_voice,
        picture=clip.kind.has_face and has_picture,
    )


def is_url(place: str) -> bool:
    return "://" in place


def is_remote(clip: Clip) -> bool:
    """True where something of the clip comes from the network."""
    wanted = choose_wanted(clip)
    return (wanted.media and clip.media is None) or (wanted.picture and is_url(clip.picture or ""))


def fetch_video(
    clips: Sequence[Clip], *, session: Session
) -> Iterator[tuple[Clip, Download | Rejected, int]]:
    """Each clip of one video with what was fetched or why nothing was, and the attempts it took."""
    wanted = [choose_wanted(clip) for clip in clips if clip.media is None]
    with TemporaryDirectory(prefix=".pieces-", dir=session.folder) as name:
        resolve = partial(
            _resolve,
            clips[0].video_id,
            folder=Path(name),
            session=session,
            wants_video=any(item.video for item in wanted),
            wants_audio=any(item.audio for item in wanted),
        )
        source = Source(resolve, Path(name))
        for clip in clips:
            try:
                download, attempts = fetch_clip(clip, source, session=session)
            except Rejected as failure:
                yield clip, failure, failure.attempts
            else:
                yield clip, download, attempts


def fetch_clip(clip: Clip, source: Source, *, session: Session) -> tuple[Download, int]:
    """Media and picture of one clip, counted against the budget; raises Rejected."""
    if not is_remote(clip):
        return _fetch_parts(clip, source, session)
    known_s = None if clip.end_s is None else clip.end_s - (clip.start_s or 0.0)
    reserve(session.budget, known_s or 0.0)
    spent_s, num_bytes = 0.0, 0
    try:
        download, attempts = _fetch_parts(clip, source, session)
        num_bytes = len(download.media or b"") + len(download.picture or b"")
        spent_s = known_s or (source.duration_s or 0.0 if download.media else 0.0)
    finally:
        settle(session.budget, reserved_s=known_s or 0.0, spent_s=spent_s, num_bytes=num_bytes)
    return download, attempts


def _fetch_parts(clip: Clip, source: Source, session: Session) -> tuple[Download, int]:
    wanted = choose_wanted(clip)
    media, media_format, offset_s, picture = None, None, 0.0, None
    attempts, tries = 1, 1
    if wanted.media:
        with TemporaryDirectory(prefix=".cut-", dir=session.folder) as name:
            segment, attempts = _fetch_media(clip, source, Path(name), session)
            media = read_file(segment.path)
        media_format, offset_s = segment.media_format, segment.offset_s
    if wanted.picture:
        picture, tries = _fetch_picture(clip.picture or "", session)
    return Download(media, media_format, offset_s, picture), max(attempts, tries)


def _fetch_media(clip: Clip, source: Source, folder: Path, session: Session) -> tuple[Segment, int]:
    wanted = choose_wanted(clip)
    if clip.media is not None:
        segment = cut_local(
            Path(clip.media),
            start_s=clip.start_s,
            end_s=clip.end_s,
            folder=folder,
            params=session.params,
            wants_video=wanted.video,
            wants_audio=wanted.audio,
        )
        return segment, 1
    if source.verdict is not None:
        raise source.verdict
    try:
        return call_with_retries(
            partial(_cut_remote, clip, source, folder=folder, session=session),
            retries=session.retries,
            is_over=lambda: read_cause(session.brake) is not None,
        )
    except FetchFailed as failure:
        if not source.is_resolved and failure.reason not in OWN_REASONS:
            source.verdict = failure
        raise


def _cut_remote(clip: Clip, source: Source, *, folder: Path, session: Session) -> Segment:
    """One attempt; raises FetchFailed and lets the other workers know of refusals."""
    check_brake(session.brake)
    try:
        found = source.get()
        segment = _cut(found, clip, folder, source.folder, session)
    except CutFailed as error:
        failure = explain_failure(error, found.video, client=session.client)
        forget_pieces(source.folder)
    except FetchFailed as error:
        failure = error
    else:
        note_success(session.brake)
        return segment
    if failure.reason is Reason.forbidden:
        source.forget()  # media URLs are signed for some hours only
    note_failure(session.brake, failure)
    raise failure


def _cut(found: Found, clip: Clip, folder: Path, pieces: Path, session: Session) -> Segment:
    """At the gate: ffmpeg's requests as one, those for pieces one by one."""
    wanted = choose_wanted(clip)
    cut = partial(
        cut_segment,
        start_s=clip.start_s,
        end_s=clip.end_s,
        folder=folder,
        params=session.params,
        wants_video=wanted.video,
        wants_audio=wanted.audio,
    )
    if found.opened:
        attempt = start_attempt(session, pieces)
        return cut(
            partial(join_pieces, found.opened, end_s=clip.end_s, folder=folder, attempt=attempt)
        )
    with session.gate():
        return cut(found.video)


def _resolve(
    video_id: str, *, folder: Path, session: Session, wants_video: bool, wants_audio: bool
) -> Found:
    url = build_url(session.url_template, video_id)
    with session.gate():
        video = resolve_video(
            url, client=session.client, wants_video=wants_video, wants_audio=wants_audio
        )
    wait_s = min(video.available_at - time.time(), session.params.backoff_max_s)
    if wait_s > 0:
        session.retries.sleep(wait_s)
    if not video.is_in_pieces:
        return Found(video, ())
    return Found(video, open_media(video, start_attempt(session, folder)))


def _fetch_picture(place: str, session: Session) -> tuple[bytes, int]:
    """From a path or URL; raises Rejected. Hosts differ, so the brake has no say."""
    if not is_url(place):
        return check_picture(read_file(Path(place)), params=session.params), 1

    def attempt() -> bytes:
        with session.gate():
            return fetch_picture(place, params=session.params)

    return call_with_retries(attempt, retries=session.retries)
