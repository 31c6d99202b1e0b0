"""What ffmpeg is told to read and write for one cut."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ffmpeg

from tasks.media.probe import FORMATS, SAFE_INPUT, get_url
from tasks.records import Seconds
from tasks.remote.join import Joined
from tasks.remote.resolve import MediaUrl, ResolvedVideo

PROTOCOLS = "http,https,tls,tcp,httpproxy"
MICROSECONDS = 1_000_000
# Least common multiple of 8, 11.025, 12, 16, 22.05, 24, 32, 44.1 and 48 kHz: where a stream starts
# stands in an mp4 file in these units, so that sound keeps its place to the sample.
MOVIE_TIMESCALE = 14_112_000
# mp4 and mov (for PCM, which older mp4 writers refuse) keep timestamps exactly; matroska takes what
# neither can hold, with times in milliseconds.
CONTAINERS = {"mp4": "mp4", "mov": "mov", "matroska": "mkv"}


@dataclass(frozen=True)
class CutInput:
    """A file or URL, its input options, and ffmpeg's names of the streams wanted from it.

    `joined` where the file is a part of its media: it is copied from its own start.
    """

    url: str
    selectors: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    joined: Joined | None = None


def plan_inputs(
    source: ResolvedVideo | Path | Sequence[Joined],
    *,
    wants_video: bool,
    wants_audio: bool,
    stall_timeout_s: Seconds,
) -> list[CutInput]:
    """The first picture stream that is no cover art and the first sound stream, if wanted."""
    wanted = {"V:0": wants_video, "a:0": wants_audio}
    names = [name for name, is_wanted in wanted.items() if is_wanted]
    if isinstance(source, Path):
        return [CutInput(get_url(source), tuple(f"{name}?" for name in names), SAFE_INPUT)]
    if isinstance(source, ResolvedVideo):
        found = [
            CutInput(media.url, (), build_http_options(media, stall_timeout_s))
            for media in source.media
        ]
    else:
        found = [CutInput(get_url(item.path), (), SAFE_INPUT, item) for item in source]
    if len(found) == len(names) == 2:
        return [replace(item, selectors=(name,)) for item, name in zip(found, names, strict=True)]
    chosen = found[-1] if names == ["a:0"] else found[0]  # the picture's comes first
    return [replace(chosen, selectors=tuple(f"{name}?" for name in names))]


def build_http_options(media: MediaUrl, stall_timeout_s: Seconds) -> dict[str, str]:
    """Only HTTP is spoken and only files that hold their media themselves are read."""
    options = {
        "protocol_whitelist": PROTOCOLS,
        "format_whitelist": FORMATS,
        "rw_timeout": str(round(stall_timeout_s * MICROSECONDS)),
        "headers": "".join(f"{name}: {value}\r\n" for name, value in media.headers.items()),
    }
    if media.cookies:
        options["cookies"] = media.cookies
    return options


def build_cut(
    inputs: list[CutInput],
    path: Path,
    *,
    container: str,
    seek_s: Seconds,
    length_s: Seconds | None,
    has_start: bool = True,
) -> list[str]:
    """Arguments of a stream copy that keeps the inputs' timestamps.

    The copy begins with the key frame at or before `seek_s`, which counts from the input's start.
    Without `has_start`, an input that names no first timestamp is taken to start at 0.
    """
    streams = []
    for item in inputs:
        part = _describe_part(item, seek_s=seek_s, length_s=length_s)
        source = ffmpeg.input(item.url, **item.options, **part)
        streams += [source[name] for name in item.selectors]
    output = ffmpeg.output(*streams, get_url(path), **_describe_copy(container))
    clock = ["-copyts"] if has_start else ["-copyts", "-start_at_zero"]
    return _log_everything([*clock, *output.get_args()])


def _describe_part(item: CutInput, *, seek_s: Seconds, length_s: Seconds | None) -> dict[str, Any]:
    """What is read of an input; ffmpeg counts both times from its own first timestamp.

    Packed audio, which has none, is read to its end: ffmpeg's `-t` would end it at once.
    """
    part: dict[str, Any] = {"fflags": "+genpts"}
    joined = item.joined
    if joined is None and seek_s > 0:
        part["ss"] = f"{seek_s:.6f}"
    if joined is not None and joined.offset_s is not None:
        return part | {"itsoffset": f"{joined.offset_s:.6f}"}
    if joined is not None and length_s is not None:
        length_s += joined.clock.start_s + seek_s - joined.begin_s
    if length_s is not None:
        part["t"] = f"{length_s:.6f}"
    return part


def build_shift(source: Path, path: Path, *, container: str, shift_s: int) -> list[str]:
    """Arguments of a copy whose clock is `shift_s` seconds earlier; whole ones, hence exact."""
    output = ffmpeg.output(
        ffmpeg.input(get_url(source), **SAFE_INPUT),
        get_url(path),
        **_describe_copy(container),
        map="0",
        output_ts_offset=str(-shift_s),
    )
    return _log_everything(["-copyts", *output.get_args()])


def _describe_copy(container: str) -> dict[str, Any]:
    options = {
        "f": container,
        "c": "copy",
        "map_metadata": "-1",
        "map_chapters": "-1",
        "fflags": "+bitexact",
        "avoid_negative_ts": "disabled",
    }
    return options | ({"movie_timescale": MOVIE_TIMESCALE} if container != "matroska" else {})


def _log_everything(args: list[str]) -> list[str]:
    """Input durations stand in the log at level info; the level is put before each line."""
    return ["-v", "level+info", "-nostats", *args, "-y"]
