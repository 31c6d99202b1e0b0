"""One video and all its clips: resolved once, each segment cut, with patience and manners."""

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
from tasks.remote.local import cut_local, read_file
from tasks.remote.pictures import check_picture, fetch_picture
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


class Source:
    """A video that is resolved when first asked for, and anew once its URLs are refused."""

    def __init__(self, resolve: Callable[[], ResolvedVideo]) -> None:
        self._resolve = resolve
        self._video: ResolvedVideo | None = None
        self.verdict: FetchFailed | None = None

    def get(self) -> ResolvedVideo:
        if self._video is None:
            self._video = self._resolve()
        return self._video

    @property
    def is_resolved(self) -> bool:
        return self._video is not None

    @property
    def duration_s(self) -> Seconds | None:
        return self._video.duration_s if self._video else None

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
    resolve = partial(
        _resolve,
        clips[0].video_id,
        session=session,
        wants_video=any(item.video for item in wanted),
        wants_audio=any(item.audio for item in wanted),
    )
    source = Source(resolve)
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
    wanted = choose_wanted(clip)
    try:
        video = source.get()
        with session.gate():
            segment = cut_segment(
                video,
                start_s=clip.start_s,
                end_s=clip.end_s,
                folder=folder,
                params=session.params,
                wants_video=wanted.video,
                wants_audio=wanted.audio,
            )
    except CutFailed as error:
        failure = explain_failure(error, video, client=session.client)
    except FetchFailed as error:
        failure = error
    else:
        note_success(session.brake)
        return segment
    if failure.reason is Reason.forbidden:
        source.forget()  # media URLs are signed for some hours only
    note_failure(session.brake, failure)
    raise failure


def _resolve(
    video_id: str, *, session: Session, wants_video: bool, wants_audio: bool
) -> ResolvedVideo:
    url = build_url(session.url_template, video_id)
    with session.gate():
        return resolve_video(
            url, client=session.client, wants_video=wants_video, wants_audio=wants_audio
        )


def _fetch_picture(place: str, session: Session) -> tuple[bytes, int]:
    """From a path or URL; raises Rejected. Hosts differ, so the brake has no say."""
    if not is_url(place):
        return check_picture(read_file(Path(place)), params=session.params), 1

    def attempt() -> bytes:
        with session.gate():
            return fetch_picture(place, params=session.params)

    return call_with_retries(attempt, retries=session.retries)
