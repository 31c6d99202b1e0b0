"""Stage align_faces: the speaker's face, cropped and aligned."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._shards import code_of, run_stage
from tasks.align_faces import align_faces_shard, hash_models
from tasks.params import flatten, read_params


@flow(name="align_faces")
def align_faces(clips: Path, extracts: Path, out: Path) -> None:
    """Finds the speaker's face among the candidate frames of EXTRACTS."""
    params = read_params().align_faces
    run_stage(
        align_faces_shard,
        inputs={"clips": clips, "extracts": extracts},
        out=out,
        key_parts={
            "params": flatten(params),
            "code": code_of(align_faces_shard),
            "models": hash_models(),
        },
        arguments={"params": params},
    )


if __name__ == "__main__":
    run_command(align_faces)
