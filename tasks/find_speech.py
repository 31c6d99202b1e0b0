"""find_speech: which parts of one shard's sounds are speech (SPEC 2.1)."""

from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from prefect import task

from tasks.audio.logmel import SAMPLE_RATE
from tasks.audio.silero import filter_voiced
from tasks.audio.vad import find_voiced_frames
from tasks.data.rows import map_rows, read_rows, write_rows
from tasks.data.shards import ShardResult, shard_path
from tasks.outcomes import Reason, Rejected
from tasks.params import SpeechParams
from tasks.records import SPEECH_SCHEMA, Extract, Seconds, Speech

Range = tuple[int, int]


@task(task_run_name="find_speech-{index:05d}")
def find_speech_shard(
    index: int, key: str, extracts: Path, out: Path, params: SpeechParams
) -> ShardResult:
    """Reads shard `index` of `extracts`, writes shard `index` of `out`."""
    rows = read_rows(shard_path(extracts, index), Extract, columns=["audio"])
    return write_rows(
        shard_path(out, index),
        map_rows("find_speech", rows, partial(find_speech, params=params)),
        SPEECH_SCHEMA,
        index=index,
        metadata={"stage": "find_speech", "key": key},
    )


def find_speech(extract: Extract, *, params: SpeechParams) -> Speech | None:
    """Raises Rejected(too_little_speech) below `params.min_speech_s`; None for a lone picture."""
    if extract.audio is None:
        return None
    samples = np.frombuffer(extract.audio, dtype="<i2")  # [N]
    ranges = find_voiced_frames(
        samples,
        aggressiveness=params.aggressiveness,
        frame_ms=params.frame_ms,
        padding_ms=params.padding_ms,
    )
    if params.silero:
        ranges = agree_with_silero(samples, ranges, params=params)
    speech_s = measure_ranges(ranges)
    if speech_s < params.min_speech_s or not ranges:
        raise Rejected(
            Reason.too_little_speech,
            f"{speech_s:.2f} s of speech, at least {params.min_speech_s:g} s wanted",
        )
    return Speech([bound for span in ranges for bound in span], speech_s)


def agree_with_silero(
    samples: npt.NDArray[np.int16], ranges: list[Range], *, params: SpeechParams
) -> list[Range]:
    """What Silero calls speech too; Rejected where that is too small a share of `ranges`."""
    agreed = filter_voiced(samples, ranges, threshold=params.silero_threshold)
    share = measure_ranges(agreed) / max(measure_ranges(ranges), 1 / SAMPLE_RATE)
    if share < params.silero_min_share:
        message = f"Silero agrees to {share:.0%} of the speech that WebRTC finds"
        raise Rejected(Reason.too_little_speech, message)
    return agreed


def measure_ranges(ranges: list[Range]) -> Seconds:
    return sum(end - start for start, end in ranges) / SAMPLE_RATE
