"""One clip as the final data sets hold it: where it belongs, and its rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tasks.audio.logmel import compute_logmel
from tasks.audio.spectrogram import FRAME, HOP, SAMPLE_RATE, compute_spectrogram
from tasks.audio.vad import select_voiced
from tasks.data.rows import Row, reject
from tasks.data.schemas import (
    build_faces_schema,
    build_pairs_schema,
    build_voices_schema,
)
from tasks.outcomes import Outcome, Reason, Rejected, Status
from tasks.records import AlignedFace, Clip, Extract, FaceFeature, Seconds, Speech

STAGE = "write_shards"
DATA_SETS = ("pairs", "voices", "faces")


@dataclass(frozen=True)
class Sample:
    """All that the stages know of one clip."""

    clip: Clip
    extract: Row[Extract]
    speech: Row[Speech]
    face: Row[AlignedFace]
    feature: Row[FaceFeature]


@dataclass(frozen=True)
class Placement:
    """Where a clip ended: its split, and the data sets it is in."""

    outcome: Outcome
    split: str | None
    data_sets: frozenset[str]


def place_sample(sample: Sample, *, split: str | None) -> Placement:
    """Decides the data sets; the outcome is the first one that kept the clip out."""
    outcome = decide_outcome(sample, split)
    has_voice = split is not None and sample.speech.record is not None
    has_face = split is not None and sample.face.record is not None
    has_feature = sample.feature.record is not None
    data_sets = {"voices": has_voice, "faces": has_face}
    data_sets["pairs"] = has_voice and has_face and has_feature
    return Placement(outcome, split, frozenset(name for name in DATA_SETS if data_sets[name]))


def decide_outcome(sample: Sample, split: str | None) -> Outcome:
    """Kept, or why not: what was wanted of this kind of item and did not come through."""
    rows = [sample.extract.outcome]
    rows += [sample.speech.outcome] if sample.clip.kind.has_voice else []
    rows += [sample.face.outcome, sample.feature.outcome] if sample.clip.kind.has_face else []
    for outcome in rows:
        if not outcome.is_kept:
            return outcome
    if split is None:
        error = Rejected(Reason.no_split, "neither the list nor the rule names a split")
        return reject(sample.clip.clip_id, STAGE, error)
    return Outcome(sample.clip.clip_id, Status.kept, STAGE)


def build_schemas(dimension: int, *, spectrogram_s: Seconds) -> dict[str, pa.Schema]:
    """The three data sets' schemas for features of width `dimension`."""
    num_frames = 1 + (round(spectrogram_s * SAMPLE_RATE) - FRAME) // HOP
    return {
        "pairs": build_pairs_schema(dimension, num_frames=num_frames),
        "voices": build_voices_schema(),
        "faces": build_faces_schema(),
    }


def build_rows(
    sample: Sample, data_sets: Iterable[str], *, spectrogram_s: Seconds
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(data set, its own columns) for each data set the sample is in."""
    speech, face, feature = (
        sample.speech.record,
        sample.face.record,
        sample.feature.record,
    )
    if speech is not None and sample.extract.record is not None:
        samples = np.frombuffer(sample.extract.record.audio or b"", dtype="<i2")  # [N]
        speech_s = speech.speech_s
        if "voices" in data_sets:
            logmel = compute_logmel(select_voiced(samples, pair_up(speech.voiced)))  # [T, 64]
            row = {
                "logmel": _as_float16(logmel),
                "num_frames": len(logmel),
                "speech_s": speech_s,
            }
            yield "voices", row
        if "pairs" in data_sets and face is not None and feature is not None:
            spectrogram = compute_spectrogram(samples, seconds=spectrogram_s)
            yield (
                "pairs",
                {
                    "spectrogram": _as_float16(spectrogram),
                    "face_feature": feature.face_feature,
                    "face": face.face,
                    "landmarks": face.landmarks,
                    "speech_s": speech_s,
                },
            )
    if "faces" in data_sets and face is not None:
        left, top, right, bottom = face.box
        yield (
            "faces",
            {
                "face": face.face_64,
                "face_px": min(right - left, bottom - top),
                "sharpness": face.sharpness,
                "score": face.score,
            },
        )


def pair_up(bounds: list[int]) -> list[tuple[int, int]]:
    """[start, end, start, end, …] as ranges."""
    return list(zip(bounds[::2], bounds[1::2], strict=True))


def _as_float16(values: npt.NDArray[np.float32]) -> bytes:
    return values.astype("<f2").tobytes()
