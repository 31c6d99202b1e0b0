"""One decode of the wanted seconds: sound at 16 kHz and candidate frames.

One ffmpeg process opens the file once for the sound and once for the pictures, so that each stream
is decoded once and only where it is wanted: the pictures of a clip span the candidate frames alone.
Frames come back as raw video in NUT, which keeps each frame's own timestamp; PyAV reads them.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.media.commands import build_pictures, build_sound, join_outputs
from tasks.media.ffmpeg import FfmpegFailed, FfmpegTimedOut, run_ffmpeg
from tasks.media.frames import (
    FramePlan,
    TimedFrame,
    plan_anywhere,
    plan_from_middle,
    plan_from_start,
    read_frames,
)
from tasks.media.probe import MediaInfo, hide_path, probe
from tasks.media.sound import SoundPlan, plan_sound
from tasks.outcomes import Reason, Rejected
from tasks.params import ExtractParams
from tasks.records import Extract, Seconds

TIME_DIGITS = 5


def extract(
    media: Path,
    *,
    start_s: Seconds,
    duration_s: Seconds | None,
    needs_video: bool,
    needs_audio: bool,
    params: ExtractParams,
    near_middle: bool,
) -> Extract:
    """Sound and frames of `duration_s` from `start_s` of the media's own clock (None: to the end).

    Sound begins exactly at `start_s`, with silence where the stream begins later, and ends where
    the stream ends. `near_middle` looks for a face from the middle outwards, else from the start.
    Raises Rejected.
    """
    deadline_s = time.monotonic() + params.timeout_s
    info = probe(media)
    check_streams(info, needs_video=needs_video, needs_audio=needs_audio)
    make_plan = plan_from_middle if near_middle else plan_from_start
    plan = make_plan(start_s, duration_s, info=info, params=params) if needs_video else None
    sound = plan_sound(start_s, duration_s, info=info) if needs_audio else None
    pcm, frames = decode(media, info, sound=sound, pictures=plan, deadline_s=deadline_s)
    if plan and not frames:
        plan = plan_anywhere(plan, start_s=start_s, duration_s=duration_s)
        _, frames = decode(media, info, sound=None, pictures=plan, deadline_s=deadline_s)
    if needs_audio and not pcm:
        raise Rejected(Reason.empty_segment, "no sound in the wanted seconds")
    if needs_video and not frames:
        raise Rejected(Reason.empty_segment, "no picture in the wanted seconds")
    return Extract(
        audio=pcm if needs_audio else None,
        frames=[frame.png for frame in frames],
        frame_times_s=[max(round(frame.time_s - start_s, TIME_DIGITS), 0.0) for frame in frames],
    )


def check_streams(info: MediaInfo, *, needs_video: bool, needs_audio: bool) -> None:
    if needs_video and info.video is None:
        raise Rejected(Reason.no_video_stream, "no picture stream (cover art does not count)")
    if needs_audio and info.audio is None:
        raise Rejected(Reason.no_audio_stream, "no sound stream")


def decode(
    media: Path,
    info: MediaInfo,
    *,
    sound: SoundPlan | None,
    pictures: FramePlan | None,
    deadline_s: float,
) -> tuple[bytes, list[TimedFrame]]:
    """One run of ffmpeg: PCM through its pipe, frames through a file in a private folder."""
    with TemporaryDirectory(prefix="extract-") as folder:
        nut, outputs = Path(folder) / "frames.nut", []
        if sound:
            outputs.append(build_sound(media, info, plan=sound))
        if pictures:
            outputs.append(build_pictures(media, info, plan=pictures, nut=nut))
        try:
            timeout_s = max(deadline_s - time.monotonic(), 0.0)
            done = run_ffmpeg(join_outputs(outputs), timeout_s=timeout_s)
        except FfmpegTimedOut:
            message = "not decoded within the time limit"
            raise Rejected(Reason.decode_timeout, message) from None
        except FfmpegFailed as error:
            raise Rejected(Reason.unreadable_media, hide_path(str(error), media)) from None
        return done.stdout, read_frames(nut, pictures) if pictures else []
