"""Which frames of a recording are looked at for a face, in which order, and reading them."""

from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from tasks.media.images import Picture, encode_png
from tasks.media.probe import MediaInfo
from tasks.params import ExtractParams
from tasks.records import Seconds

# The first frame may be this much before the wanted seconds: timestamps are rounded.
EARLY_S = 1e-4
# Frame rates outside this range are errors of the header or of no use here (chosen).
LOWEST_RATE, HIGHEST_RATE, USUAL_RATE = 5.0, 240.0, 25.0


@dataclass(frozen=True)
class FramePlan:
    """The first frame of each step of `step_s` counted from `grid_s`, `num_frames` at most.

    Only frames from `from_s` to before `to_s` (None: the end) are decoded; `origin_s` is where the
    search for a face begins. Times count from the media's start.
    """

    from_s: Seconds
    to_s: Seconds | None
    grid_s: Seconds
    step_s: Seconds
    num_frames: int
    origin_s: Seconds


@dataclass(frozen=True)
class TimedFrame:
    """A frame as PNG and its time from the media's start."""

    time_s: Seconds
    png: bytes


def plan_from_start(
    start_s: Seconds, duration_s: Seconds | None, *, info: MediaInfo, params: ExtractParams
) -> FramePlan:
    """The frame at the start, then one every step (SPEC 2.4: a list's point holds at the start)."""
    length_s = params.num_frames * params.frame_step_s
    return FramePlan(
        from_s=start_s - EARLY_S,
        to_s=start_s + (length_s if duration_s is None else min(duration_s, length_s)),
        grid_s=start_s - compute_half_frame(info, params.frame_step_s),
        step_s=params.frame_step_s,
        num_frames=params.num_frames,
        origin_s=start_s,
    )


def plan_from_middle(
    start_s: Seconds, duration_s: Seconds | None, *, info: MediaInfo, params: ExtractParams
) -> FramePlan:
    """The frame nearest the middle of the wanted seconds, then outwards step by step (SPEC 2.4)."""
    end_s = find_end(info, start_s=start_s, duration_s=duration_s)
    if end_s is None or end_s <= start_s:
        return plan_from_start(start_s, duration_s, info=info, params=params)
    step_s, half_s = params.frame_step_s, compute_half_frame(info, params.frame_step_s)
    middle_s = (start_s + end_s) / 2
    # Whole steps that fit on either side; of an even number of frames, one more stands before.
    num_fitting = int((middle_s - start_s) / step_s)
    num_before = min(params.num_frames // 2, num_fitting)
    num_after = min((params.num_frames - 1) // 2, num_fitting)
    first_s = middle_s - num_before * step_s
    from_s = max(start_s - EARLY_S, first_s - half_s)
    num_frames = num_before + 1 + num_after
    to_s = min(end_s, first_s + num_frames * step_s)
    return FramePlan(from_s, to_s, first_s - half_s, step_s, num_frames, middle_s)


def plan_anywhere(plan: FramePlan, *, start_s: Seconds, duration_s: Seconds | None) -> FramePlan:
    """The first frames of all the wanted seconds: for streams which are not where headers say."""
    from_s, to_s = start_s - EARLY_S, None if duration_s is None else start_s + duration_s
    return replace(plan, from_s=from_s, to_s=to_s, grid_s=from_s)


def find_end(info: MediaInfo, *, start_s: Seconds, duration_s: Seconds | None) -> Seconds | None:
    """Where the wanted seconds end in this media; None if neither list nor header tells.

    Not where the picture stream ends: MPEG headers only guess that.
    """
    wanted_s = None if duration_s is None else start_s + duration_s
    return min((end for end in (wanted_s, info.duration_s) if end is not None), default=None)


def compute_half_frame(info: MediaInfo, step_s: Seconds) -> Seconds:
    """Half the mean time between two frames, half a step at most.

    A hair less, so that of two frames equally near the later is taken, not one by rounding.
    """
    rate = info.video.frame_rate if info.video else None
    if rate is None or not LOWEST_RATE <= rate <= HIGHEST_RATE:
        rate = USUAL_RATE
    return min(0.499 / rate, 0.5 * step_s)


def build_selection(plan: FramePlan) -> str:
    """ffmpeg's `select` expression, true for the first frame of each step.

    `t` is each frame's own time from the media's start, so variable rates need nothing more.
    """
    step, last = (
        f"floor(({t}-({plan.grid_s:.6f}))/{plan.step_s:.6f})" for t in ("t", "prev_selected_t")
    )
    within = f"gte(t,{plan.from_s:.6f})"
    if plan.to_s is not None:
        within += f"*lt(t,{plan.to_s:.6f})"
    return f"{within}*(isnan(prev_selected_t)+gt({step},{last}))"


def read_frames(nut: Path, plan: FramePlan) -> list[TimedFrame]:
    """Raw frames with their timestamps, in the order in which a face is looked for."""
    try:
        container = av.open(str(nut))
    except av.InvalidDataError:  # ffmpeg decoded no frame: a bare header
        return []
    with container:
        found = [
            TimedFrame(frame.time or 0.0, encode_png(to_rgb(frame)))
            for frame in container.decode(video=0)
        ]
    return sorted(found, key=lambda frame: rank(frame.time_s, plan))


def to_rgb(frame: VideoFrame) -> Picture:
    """uint8 [H, W, 3]."""
    return np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)


def rank(time_s: Seconds, plan: FramePlan) -> tuple[int, Seconds]:
    """Steps away from where the search begins; of two, the earlier frame."""
    return round(abs(time_s - plan.origin_s) / plan.step_s), time_s
