"""Cuts the wanted seconds out of a video: a stream copy with pre-roll, checked before it counts.

Nothing is re-encoded. The copy begins with the key frame at or before the wanted start and keeps
every packet from there; `offset_s` says where the wanted seconds start in it. Decoding from there
gives the frames and samples that decoding the whole original gives.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av

from tasks.media.ffmpeg import FfmpegFailed, FfmpegTimedOut, run_ffmpeg
from tasks.media.probe import get_url
from tasks.outcomes import Reason
from tasks.params import DownloadParams
from tasks.records import Seconds
from tasks.remote.coverage import Clock, Coverage, find_missing, read_clocks, read_coverage
from tasks.remote.failures import FetchFailed
from tasks.remote.inputs import CONTAINERS, CutInput, build_cut, build_shift, plan_inputs
from tasks.remote.join import Joined
from tasks.remote.resolve import ResolvedVideo

# Copied after the wanted end: pictures stand in decoding order, sound decoders run ahead.
POSTROLL_S = 0.5
# Further back where seeking in the file is loose and lands behind the wanted start (MPEG-TS).
MORE_PREROLL_S = (10.0, 60.0, math.inf)
# A list may end a clip this much after the video's end: lists and lengths are rounded (chosen).
END_SLACK_S = 1.0
# From how far back the pieces of a source are wanted, to files of them.
Joiner = Callable[[Seconds], Sequence[Joined]]
NOTHING_WRITTEN = "Output file is empty"
WRONG_CONTAINER = re.compile(
    r"could not find tag|not currently supported in container|only supported in"
    r"|could not write header|error initializing output|experimental",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Segment:
    """A cut file; the wanted seconds start `offset_s` after the file's own start."""

    path: Path
    media_format: str
    offset_s: Seconds


class CutFailed(Exception):
    """ffmpeg could not read the source, or not all of it; `log` is what it said."""

    def __init__(self, message: str, log: str) -> None:
        super().__init__(message, log)
        self.message, self.log = message, log


def cut_segment(
    source: ResolvedVideo | Path | Joiner,
    *,
    start_s: Seconds | None,
    end_s: Seconds | None,
    folder: Path,
    params: DownloadParams,
    wants_video: bool = True,
    wants_audio: bool = True,
) -> Segment:
    """Writes the seconds [start_s, end_s) of the source (None: to its own ends) into `folder`.

    Seconds count from the source's start, as ffmpeg's `-ss` does. Raises FetchFailed(outside_video
    or timeout, or what a joiner raises), and CutFailed where the source could not be read to the
    end.
    """
    wanted = (start_s or 0.0, end_s)
    try:
        for preroll_s in (params.preroll_s, *MORE_PREROLL_S):
            seek_s = max(0.0, wanted[0] - preroll_s)
            inputs = plan_inputs(
                source(seek_s) if callable(source) else source,
                wants_video=wants_video,
                wants_audio=wants_audio,
                stall_timeout_s=params.stall_timeout_s,
            )
            path, container, log = _copy(inputs, folder, seek_s=seek_s, end_s=end_s, params=params)
            clocks = [item.joined.clock for item in inputs if item.joined] or read_clocks(log)
            zero_s = min((clock.start_s for clock in clocks), default=0.0)
            coverage = _check(path, log, clocks, zero_s=zero_s, wanted=wanted)
            if seek_s == 0.0 or not _starts_late(coverage, zero_s + wanted[0]):
                break
        first_s = zero_s + wanted[0]
        return _shift(path, coverage, folder, container=container, first_s=first_s, params=params)
    except FfmpegTimedOut as error:
        raise FetchFailed(Reason.timeout, str(error)) from None


def _copy(
    inputs: list[CutInput],
    folder: Path,
    *,
    seek_s: Seconds,
    end_s: Seconds | None,
    params: DownloadParams,
) -> tuple[Path, str, str]:
    """File, its container, ffmpeg's log."""
    length_s = None if end_s is None else end_s - seek_s + POSTROLL_S
    for container, suffix in CONTAINERS.items():
        path = folder / f"cut.{suffix}"
        build = partial(
            build_cut, inputs, path, container=container, seek_s=seek_s, length_s=length_s
        )
        try:
            return path, container, _run(build, timeout_s=params.segment_timeout_s)
        except FfmpegFailed as error:
            failure = error
        if not WRONG_CONTAINER.search(failure.last_words):
            break
    log = failure.last_words.replace(f"{get_url(folder)}/", "")
    raise CutFailed(f"ffmpeg: {read_errors(log)}", log)


def _run(build: Callable[..., list[str]], *, timeout_s: Seconds) -> str:
    """ffmpeg's log. Its `-t` ends at once on inputs (WAV) that name no first timestamp."""
    log = run_ffmpeg(build(), timeout_s=timeout_s).stderr
    if NOTHING_WRITTEN in log:
        log = run_ffmpeg(build(has_start=False), timeout_s=timeout_s).stderr
    return log


def _check(
    path: Path,
    log: str,
    clocks: list[Clock],
    *,
    zero_s: Seconds,
    wanted: tuple[Seconds, Seconds | None],
) -> Coverage:
    """What the file holds; raises unless that is all of the wanted seconds."""
    start_s, end_s = wanted
    known = [clock.end_s - zero_s for clock in clocks if clock.end_s is not None]
    if known and len(known) == len(clocks):
        _check_inside(max(known), start_s, end_s)
    try:
        coverage = read_coverage(path)
    except (av.FFmpegError, ValueError) as error:
        raise CutFailed(f"nothing was cut: {type(error).__name__}", log) from None
    missing = find_missing(
        coverage,
        start_s=zero_s + start_s,
        end_s=None if end_s is None else zero_s + end_s,
        clocks=clocks,
    )
    if missing is not None or not coverage.spans:
        raise CutFailed(missing or "the cut holds no stream", log)
    return coverage


def _check_inside(duration_s: Seconds, start_s: Seconds, end_s: Seconds | None) -> None:
    if start_s >= duration_s or (end_s is not None and end_s > duration_s + END_SLACK_S):
        last = "" if end_s is None else f"–{end_s:.2f}"
        raise FetchFailed(
            Reason.outside_video, f"{start_s:.2f}{last} s of a video of {duration_s:.2f} s"
        )


def _starts_late(coverage: Coverage, first_s: Seconds) -> bool:
    """True where a stream begins after the wanted start, though it may well have begun before."""
    return any(span.start_s > first_s for span in coverage.spans)


def _shift(
    path: Path,
    coverage: Coverage,
    folder: Path,
    *,
    container: str,
    first_s: Seconds,
    params: DownloadParams,
) -> Segment:
    """Lets the file's clock start within its first second: players would wait for minutes."""
    shift_s = math.floor(coverage.start_s)
    suffix = CONTAINERS[container]
    if shift_s <= 0:
        return Segment(path, suffix, max(0.0, first_s - coverage.start_s))
    shifted = folder / f"segment.{suffix}"
    args = build_shift(path, shifted, container=container, shift_s=shift_s)
    run_ffmpeg(args, timeout_s=params.segment_timeout_s)
    path.unlink()
    offset_s = first_s - shift_s - read_coverage(shifted).start_s
    return Segment(shifted, suffix, max(0.0, offset_s))


def read_errors(log: str) -> str:
    """The lines that ffmpeg marks as warnings or worse, without the marks."""
    marked = re.findall(r"\[(?:warning|error|fatal|panic)\] ([^|\n]*)", log)
    return " | ".join(line.strip() for line in marked[-3:]) or log.strip()[-200:]
