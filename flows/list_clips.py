"""Stage list_clips: the corpus's lists as numbered shards of clips."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._process import lock_stage
from tasks.list_clips import list_corpus
from tasks.params import read_params


@flow(name="list_clips")
def list_clips(out: Path) -> None:
    """Reads the lists that `corpus` names and assigns their clips to shards."""
    with lock_stage("list_clips"):
        list_corpus(out, read_params().corpus)


if __name__ == "__main__":
    run_command(list_clips)
