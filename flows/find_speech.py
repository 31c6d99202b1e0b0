"""Stage find_speech: which parts of every clip's sound are speech."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._shards import code_of, run_stage
from tasks.find_speech import find_speech_shard
from tasks.params import flatten, read_params


@flow(name="find_speech")
def find_speech(extracts: Path, out: Path) -> None:
    """Finds the speech in every shard of EXTRACTS with the WebRTC VAD."""
    params = read_params().find_speech
    run_stage(
        find_speech_shard,
        inputs={"extracts": extracts},
        out=out,
        key_parts={"params": flatten(params), "code": code_of(find_speech_shard)},
        arguments={"params": params},
    )


if __name__ == "__main__":
    run_command(find_speech)
