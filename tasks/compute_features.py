"""compute_features: the vectors of one shard's faces (SPEC 3.3)."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from prefect import task

from tasks.data.rows import Row, read_rows, write_rows
from tasks.data.shards import ShardResult, in_batches, shard_path
from tasks.face.encoders import FaceEncoder, load_encoder
from tasks.media.images import decode_png
from tasks.outcomes import Outcome, Status
from tasks.params import FeatureParams
from tasks.records import AlignedFace, FaceFeature, build_feature_schema

STAGE = "compute_features"


@task(task_run_name="compute_features-{index:05d}")
def compute_features_shard(
    index: int, key: str, faces: Path, out: Path, params: FeatureParams
) -> ShardResult:
    """Reads shard `index` of `faces`, writes shard `index` of `out`."""
    encoder = open_encoder(params)
    rows = read_rows(shard_path(faces, index), AlignedFace, columns=["face"])
    return write_rows(
        shard_path(out, index),
        encode_rows(rows, encoder, batch_size=params.batch_size),
        build_feature_schema(encoder.dimension),
        index=index,
        metadata={"stage": STAGE, "key": key, **_card(encoder)},
    )


@lru_cache(maxsize=1)
def open_encoder(params: FeatureParams) -> FaceEncoder:
    """Raises ValueError if the weights are missing or are not the ones named."""
    return load_encoder(
        params.encoder,
        weights=params.weights,
        sha256=params.sha256,
        device=params.device,
        input_scale=params.input_scale,
    )


def describe_encoder(params: FeatureParams) -> dict[str, str]:
    """What identifies the encoder in keys and shards."""
    return _card(open_encoder(params))


def _card(encoder: FaceEncoder) -> dict[str, str]:
    return {
        "D": str(encoder.dimension),
        "encoder": encoder.name,
        "encoder_sha256": encoder.weight_sha256,
    }


def encode_rows(
    rows: Iterator[Row[AlignedFace]], encoder: FaceEncoder, *, batch_size: int
) -> Iterator[Row[FaceFeature]]:
    """Encodes the kept faces `batch_size` at a time and keeps the rows in order."""
    for batch in in_batches(rows, batch_size):
        faces = [decode_png(row.record.face) for row in batch if row.record is not None]
        features = iter(encoder.encode(np.stack(faces)) if faces else ())
        for row in batch:
            if row.record is None:
                yield Row(row.outcome, None)
            else:
                outcome = Outcome(row.outcome.clip_id, Status.kept, STAGE)
                yield Row(outcome, FaceFeature(next(features).tolist()))
