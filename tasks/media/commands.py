"""What ffmpeg is asked to do, built with ffmpeg-python: nothing here runs anything."""

from pathlib import Path
from typing import Any

import ffmpeg

from tasks.media.frames import FramePlan, build_selection
from tasks.media.probe import SAFE_INPUT, WITHOUT_INDEX, MediaInfo, find_run_up, get_url
from tasks.media.sound import SAMPLE_RATE_HZ, SoundPlan
from tasks.records import Seconds

# The clock of containers without index is shifted by this much, and back again: unshifted, ffmpeg 5
# lets a stream that is opened alone start at zero where the other one does.
SHIFT_S = 0.001
# A frame larger than 8K is refused by the decoder.
MAX_FRAME_PIXELS = 7680 * 4320
# Of swresample's filter. Its default of 32 loses 1 dB at 7.2 kHz, the top of SPEC 2.1's mel bands,
# and lets 8.2 kHz fold back only 15 dB down; 128 is flat to 7.5 kHz and folds nothing back above
# -70 dB (measured), in every build, as soxr would where a build has it.
RESAMPLER_TAPS = 128
# Square pixels, a broken aspect ratio aside; exact chroma rather than the quick way.
SCALE = "w='round(iw*clip(sar,0.5,2))':h=ih:flags=bicubic+accurate_rnd+full_chroma_int"


# Filters are given to each output by itself: in one graph for both, as ffmpeg-python's `.filter()`
# makes it, newer ffmpegs fail where one of the two has nothing in the wanted seconds.
def build_sound(media: Path, info: MediaInfo, *, plan: SoundPlan) -> Any:
    """ffmpeg-python's output of int16 mono at 16 kHz to the pipe.

    `async=1` keeps the sound on its timestamps: it fills with silence before a late start and in
    gaps, and changes no speed. Several channels become one by ffmpeg's own downmix.
    """
    assert info.audio
    source = open_part(media, info, seek_s=plan.seek_s, to_s=plan.to_s)
    filters = [
        # The sound's clock is set to zero at `seek_s` because aresample takes any other `first_pts`
        # for a number of input samples, whatever its manual says.
        f"asetpts='round(PTS-({find_zero(info) + plan.seek_s:.6f})/TB)'",
        f"aresample={SAMPLE_RATE_HZ}:async=1:first_pts=0:filter_size={RESAMPLER_TAPS}",
        f"aformat=sample_fmts=s16:channel_layouts=mono:sample_rates={SAMPLE_RATE_HZ}",
        f"atrim=start_sample={plan.first}:end_sample={plan.last}",
    ]
    return source[str(info.audio.index)].output(
        "pipe:1", af=",".join(filters), f="s16le", acodec="pcm_s16le", threads=1
    )


def build_pictures(media: Path, info: MediaInfo, *, plan: FramePlan, nut: Path) -> Any:
    """ffmpeg-python's output of the planned frames to a NUT file: raw RGB, upright, square pixels.

    Their timestamps are microseconds from the media's start.
    """
    assert info.video
    seek_s = max(plan.from_s - find_run_up(info), 0.0)
    source = open_part(media, info, seek_s=seek_s, to_s=plan.to_s, max_pixels=MAX_FRAME_PIXELS)
    filters = [
        "settb=1/1000000",
        f"setpts='PTS-({round(find_zero(info) * 1e6)})'",
        f"select='{build_selection(plan)}'",
        f"scale={SCALE}",
        "setsar=1",
        "format=rgb24",
    ]
    return source[str(info.video.index)].output(
        get_url(nut),
        vf=",".join(filters),
        f="nut",
        vcodec="rawvideo",
        enc_time_base="1/1000000",
        vframes=plan.num_frames,
        threads=1,
    )


def find_zero(info: MediaInfo) -> Seconds:
    """ffmpeg's timestamp of the media's start, in an input of `open_part`."""
    return info.start_s + (SHIFT_S if info.container in WITHOUT_INDEX else 0.0)


def open_part(
    media: Path, info: MediaInfo, *, seek_s: Seconds, to_s: Seconds | None, **options: int
) -> Any:
    """ffmpeg-python's input of part of a file, decoded on one thread; None: to its end."""
    # The format is named so that ffmpeg sees the file as the probe did.
    container = info.container.split(",")[0]
    part: dict[str, Any] = {**SAFE_INPUT, **options, "f": container, "threads": 1}
    if info.container in WITHOUT_INDEX:
        part["itsoffset"] = SHIFT_S
    if seek_s > 0:
        part["ss"] = f"{seek_s:.6f}"
    if to_s is not None:
        part["t"] = f"{to_s - seek_s:.6f}"
    return ffmpeg.input(get_url(media), **part)


def join_outputs(outputs: list[Any]) -> list[str]:
    """The arguments of one ffmpeg process for all outputs."""
    # Timestamps stay as they are: shifted to zero they would be rounded to the stream's unit, which
    # is 40 ms in an AVI.
    args: list[str] = ffmpeg.merge_outputs(*outputs).global_args("-copyts").get_args()
    return args
