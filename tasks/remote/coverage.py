"""Whether a cut holds the wanted seconds, by its packets and not by ffmpeg's exit code."""

import re
from dataclasses import dataclass
from pathlib import Path

import av

from tasks.media.probe import SAFE_INPUT, get_url
from tasks.records import Seconds

# A stream may end this much early: sound and picture of one file rarely end together (chosen).
TOLERANCE_S = 0.25
CLOCK = re.compile(
    r"^\[info\]\s+Duration: (?:(\d+):(\d+):(\d+(?:\.\d+)?)|N/A)(?:, start: (-?[\d.]+))?",
    re.MULTILINE,
)
NOTHING = (0.0, 0.0)


@dataclass(frozen=True)
class Span:
    """First and last moment of a stream's packets, on the file's clock."""

    start_s: Seconds
    end_s: Seconds


@dataclass(frozen=True)
class Clock:
    """An input's first timestamp and its length, None where the file does not say."""

    start_s: Seconds
    length_s: Seconds | None

    @property
    def end_s(self) -> Seconds | None:
        return None if self.length_s is None else self.start_s + self.length_s


@dataclass(frozen=True)
class Coverage:
    """What a file holds; `start_s` is where libav lets the file begin."""

    start_s: Seconds
    video: Span | None
    audio: Span | None

    @property
    def spans(self) -> list[Span]:
        return [span for span in (self.video, self.audio) if span is not None]


def read_coverage(path: Path) -> Coverage:
    """Reads every packet and decodes none; raises av.FFmpegError for what is no media file."""
    with av.open(get_url(path), options=SAFE_INPUT) as container:
        start_s = (container.start_time or 0) / av.time_base
        times: dict[int, list[tuple[Seconds, Seconds]]] = {}
        for packet in container.demux():
            if packet.pts is not None and packet.size and packet.time_base is not None:
                unit = packet.time_base
                moment = float(packet.pts * unit), float((packet.duration or 0) * unit)
                times.setdefault(packet.stream_index, []).append(moment)
        # A stream without packets has nothing from the start on.
        kinds = {stream.type: times.get(stream.index, [NOTHING]) for stream in container.streams}
    return Coverage(start_s, _measure(kinds.get("video")), _measure(kinds.get("audio")))


def _measure(moments: list[tuple[Seconds, Seconds]] | None) -> Span | None:
    """From (time, duration) of each packet; a last packet without duration gets the mean one."""
    if not moments:
        return None
    start_s, last_s = min(moments)[0], max(moments)[0]
    mean_s = (last_s - start_s) / (len(moments) - 1) if len(moments) > 1 else 0.0
    return Span(start_s, max(time_s + (length_s or mean_s) for time_s, length_s in moments))


def read_clocks(log: str) -> list[Clock]:
    """The clock of each input in an ffmpeg log at level info."""
    return [
        Clock(
            # Older versions count a codec's delay as time before the start, newer ones do not.
            start_s=max(0.0, float(start or 0.0)),
            length_s=int(hours) * 3600 + int(minutes) * 60 + float(seconds) if seconds else None,
        )
        for hours, minutes, seconds, start in CLOCK.findall(log)
    ]


def find_missing(
    coverage: Coverage, *, start_s: Seconds, end_s: Seconds | None, clocks: list[Clock]
) -> str | None:
    """What of [start_s, end_s) is not there, in words; None if all is. Times are timestamps.

    Each input must be covered to its own end or to `end_s`, by one of its streams at least: a file
    whose sound is naturally shorter than its picture is whole.
    """
    ends = [[span.end_s for span in coverage.spans]]
    if len(clocks) == 2:
        if coverage.video is None or coverage.audio is None:
            return "one of the two streams is not there"
        ends = [[coverage.video.end_s], [coverage.audio.end_s]]
    for covered, clock in zip(ends, clocks or [Clock(0.0, None)], strict=False):
        wanted = [value for value in (end_s, clock.end_s) if value is not None]
        reached_s = max(covered, default=0.0)
        if wanted and reached_s < min(wanted) - TOLERANCE_S:
            return f"the media ends at {reached_s:.2f} s of {min(wanted):.2f} s"
    if any(span.end_s <= start_s for span in coverage.spans):
        return f"a stream ends before the wanted seconds begin at {start_s:.2f} s"
    return None
