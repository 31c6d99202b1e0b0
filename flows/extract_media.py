"""Stage extract_media: 16 kHz sound and candidate frames of every clip."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._shards import code_of, run_stage
from tasks.extract_media import extract_media_shard
from tasks.params import flatten, read_params


@flow(name="extract_media")
def extract_media(clips: Path, media: Path, out: Path) -> None:
    """Decodes the wanted seconds of every clip in MEDIA once."""
    params = read_params().extract_media
    run_stage(
        extract_media_shard,
        inputs={"clips": clips, "media": media},
        out=out,
        key_parts={"params": flatten(params), "code": code_of(extract_media_shard)},
        arguments={"params": params},
    )


if __name__ == "__main__":
    run_command(extract_media)
