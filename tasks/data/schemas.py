"""Schemas of the final data sets: pairs, voices, faces (DESIGN 2, "Parquet data sets").

A binary column's field metadata holds `shape` (a JSON list, -1 for the length that varies) and
`dtype` (a numpy name): `numpy.frombuffer(cell, dtype).reshape(shape)` is the sample, C order.
"""

import json
import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

SPECTROGRAM_CHANNELS = 2  # real and imaginary part, SPEC 2.2
SPECTROGRAM_BINS = 257  # 512-point FFT, SPEC 2.2
SPECTROGRAM_FRAMES = 598  # 6 s, SPEC 2.2
NUM_MELS = 64  # SPEC 2.1
NUM_LANDMARK_VALUES = 136  # 68 (x, y)
FACE_SHAPE = (224, 224, 3)  # pairs: height, width, RGB
SMALL_FACE_SHAPE = (64, 64, 3)  # faces, SPEC 2.3

COMMON_FIELDS = (
    pa.field("clip_id", pa.string(), nullable=False),
    pa.field("source", pa.string(), nullable=False),
    pa.field("video_id", pa.string(), nullable=False),
    pa.field("identity", pa.string()),
    pa.field("gender", pa.string()),
    pa.field("age", pa.float32()),
    pa.field("ethnicity", pa.string()),
    pa.field("nationality", pa.string()),
    pa.field("split", pa.string(), nullable=False),
    pa.field("start_s", pa.float64()),
    pa.field("end_s", pa.float64()),
)


def build_pairs_schema(dimension: int, *, num_frames: int = SPECTROGRAM_FRAMES) -> pa.Schema:
    """Clips with voice and face; `dimension` is the face feature's width D.

    `spectrogram` is little-endian float16 [2, num_frames, 257], `face` PNG of uint8 [224, 224, 3].
    """
    shape = (SPECTROGRAM_CHANNELS, num_frames, SPECTROGRAM_BINS)
    return pa.schema(
        [
            *COMMON_FIELDS,
            _build_fixed_field("spectrogram", shape, dtype="<f2"),
            _build_vector_field("face_feature", dimension),
            _build_binary_field("face", FACE_SHAPE, dtype="uint8", encoding="png"),
            _build_vector_field("landmarks", NUM_LANDMARK_VALUES),
            pa.field("speech_s", pa.float32(), nullable=False),
        ]
    )


def build_voices_schema() -> pa.Schema:
    """Utterances; `logmel` is little-endian float16 [num_frames, 64]."""
    return pa.schema(
        [
            *COMMON_FIELDS,
            _build_binary_field("logmel", (-1, NUM_MELS), dtype="<f2"),
            pa.field("num_frames", pa.int32(), nullable=False),
            pa.field("speech_s", pa.float32(), nullable=False),
        ]
    )


def build_faces_schema() -> pa.Schema:
    """Face pictures; `face` is uint8 [64, 64, 3] RGB.

    Quality: `face_px` the face box's shorter side in the frame, `sharpness` the variance of the
    Laplacian (grey levels 0-255), `score` the detector's.
    """
    return pa.schema(
        [
            *COMMON_FIELDS,
            _build_fixed_field("face", SMALL_FACE_SHAPE, dtype="uint8"),
            pa.field("face_px", pa.float32()),
            pa.field("sharpness", pa.float32()),
            pa.field("score", pa.float32()),
        ]
    )


def _build_fixed_field(name: str, shape: Sequence[int], *, dtype: str) -> pa.Field:
    num_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    metadata = _build_metadata(shape, dtype)
    return pa.field(name, pa.binary(num_bytes), nullable=False, metadata=metadata)


def _build_binary_field(
    name: str, shape: Sequence[int], *, dtype: str, encoding: str | None = None
) -> pa.Field:
    metadata = _build_metadata(shape, dtype) | ({"encoding": encoding} if encoding else {})
    return pa.field(name, pa.binary(), nullable=False, metadata=metadata)


def _build_vector_field(name: str, dimension: int) -> pa.Field:
    values = pa.field("element", pa.float32(), nullable=False)
    return pa.field(name, pa.list_(values, dimension), nullable=False)


def _build_metadata(shape: Sequence[int], dtype: str) -> dict[str, str]:
    return {"shape": json.dumps(list(shape)), "dtype": dtype}
