"""Stage compute_features: one vector per face."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._shards import code_of, run_stage
from tasks.compute_features import compute_features_shard, describe_encoder
from tasks.params import flatten, read_params


@flow(name="compute_features")
def compute_features(faces: Path, out: Path) -> None:
    """Encodes the faces of every shard of FACES."""
    params = read_params().compute_features
    wide = {"batch_size", "device"}
    run_stage(
        compute_features_shard,
        inputs={"faces": faces},
        out=out,
        key_parts={
            "params": {k: v for k, v in flatten(params).items() if k not in wide},
            "code": code_of(compute_features_shard),
            "encoder": describe_encoder(params),
        },
        arguments={"params": params},
    )


if __name__ == "__main__":
    run_command(compute_features)
