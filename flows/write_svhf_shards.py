"""Stage write_svhf_shards: SVHF's spectrograms and faces, of the clips that write_shards kept."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._shards import code_of, run_stage
from tasks.write_svhf_shards import remove_foreign_files, write_svhf_shard


@flow(name="write_svhf_shards")
def write_svhf_shards(clips: Path, extracts: Path, faces: Path, shards: Path, out: Path) -> None:
    """Writes OUT/voices and OUT/faces, divided as in SHARDS."""
    run_stage(
        write_svhf_shard,
        inputs={
            "clips": clips,
            "extracts": extracts,
            "faces": faces,
            "placements": shards / "outcomes",
        },
        out=out / "outcomes",
        key_parts={"code": code_of(write_svhf_shard)},
        key_name="labels_key",
        root=out,
    )
    remove_foreign_files(out)


if __name__ == "__main__":
    run_command(write_svhf_shards)
