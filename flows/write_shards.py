"""Stage write_shards: the final Parquet data sets, one file per shard and split."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._shards import code_of, run_stage
from tasks.params import flatten, read_params
from tasks.write_shards import remove_foreign_files, write_final_shard


@flow(name="write_shards")
def write_shards(
    clips: Path, extracts: Path, speech: Path, faces: Path, features: Path, out: Path
) -> None:
    """Joins sound, speech, faces, features and labels, and divides them into splits."""
    params = read_params()
    run_stage(
        write_final_shard,
        inputs={
            "clips": clips,
            "extracts": extracts,
            "speech": speech,
            "faces": faces,
            "features": features,
        },
        out=out / "outcomes",
        key_parts={
            "params": flatten(params.write_shards),
            "split": flatten(params.split),
            "code": code_of(write_final_shard),
        },
        arguments={"params": params.write_shards, "split": params.split},
        key_name="labels_key",
        root=out,
    )
    remove_foreign_files(out)


if __name__ == "__main__":
    run_command(write_shards)
