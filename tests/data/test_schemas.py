import json

import numpy as np
import pyarrow as pa
import pytest

from tasks.data.schemas import build_faces_schema, build_pairs_schema, build_voices_schema

COMMON = ["clip_id", "source", "video_id", "identity", "gender", "age", "ethnicity"]
COMMON += ["nationality", "split", "start_s", "end_s"]


def test_pairs_schema_is_the_contract() -> None:
    schema = build_pairs_schema(128)
    assert schema.names == [
        *COMMON,
        *("spectrogram", "face_feature", "face", "landmarks", "speech_s"),
    ]
    assert schema.field("spectrogram").type == pa.binary(614_744)  # 2 x 598 x 257 float16
    assert schema.field("face_feature").type.list_size == 128
    assert schema.field("landmarks").type.list_size == 136
    assert schema.field("age").type == pa.float32()


def test_voices_and_faces_schemas_are_the_contract() -> None:
    assert build_voices_schema().names == [*COMMON, "logmel", "num_frames", "speech_s"]
    assert build_faces_schema().names == [*COMMON, "face", "face_px", "sharpness", "score"]
    assert build_faces_schema().field("face").type == pa.binary(64 * 64 * 3)


@pytest.mark.parametrize(
    ("schema", "column", "shape", "dtype"),
    [
        (build_pairs_schema(4, num_frames=298), "spectrogram", [2, 298, 257], "<f2"),
        (build_voices_schema(), "logmel", [-1, 64], "<f2"),
        (build_faces_schema(), "face", [64, 64, 3], "uint8"),
        (build_pairs_schema(4), "face", [224, 224, 3], "uint8"),
    ],
)
def test_binary_columns_say_their_shape(
    schema: pa.Schema, column: str, shape: list[int], dtype: str
) -> None:
    metadata = schema.field(column).metadata
    assert json.loads(metadata[b"shape"]) == shape
    assert np.dtype(metadata[b"dtype"].decode()) == np.dtype(dtype)
