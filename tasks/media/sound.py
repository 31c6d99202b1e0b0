"""Which part of a recording's sound is decoded, and which samples of it are wanted."""

from dataclasses import dataclass

from tasks.media.probe import MediaInfo, find_run_up
from tasks.records import Seconds

SAMPLE_RATE_HZ = 16_000
# Decoded before the wanted sound and cut off again: codecs and the resampler need a run-up.
RUN_UP_S = 0.5
# Nothing longer is taken for one recording (chosen): bounds memory where timestamps are rubbish.
LONGEST_S = 4 * 3600.0


@dataclass(frozen=True)
class SoundPlan:
    """Sound from `seek_s` to `to_s` is decoded; samples [first, last) of it are wanted."""

    seek_s: Seconds
    to_s: Seconds
    first: int
    last: int


def plan_sound(start_s: Seconds, duration_s: Seconds | None, *, info: MediaInfo) -> SoundPlan:
    seek_s = max(start_s - find_run_up(info) - RUN_UP_S, 0.0)
    length_s = LONGEST_S if duration_s is None else min(duration_s, LONGEST_S)
    first = round((start_s - seek_s) * SAMPLE_RATE_HZ)
    last = first + round(length_s * SAMPLE_RATE_HZ)
    return SoundPlan(seek_s, start_s + length_s + RUN_UP_S, first, last)
