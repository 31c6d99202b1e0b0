"""The chain build-dataset: from lists of videos to Parquet shards and the data set's report."""

from typing import Literal

from prefect import flow

from flows._chain import run_chain
from flows._command import run_command
from flows._notices import notify_failure
from tasks.params import read_params


@flow(name="build-dataset", on_failure=[notify_failure], on_crashed=[notify_failure])
def build_dataset(
    corpus: Literal["sample", "avspeech", "voxceleb1", "voxceleb2", "folder", "any"] = "any",
) -> None:
    """Makes again whatever of the data set is stale; `corpus` must be what params.yaml names."""
    configured = read_params().corpus.source
    if corpus not in ("any", configured):
        raise ValueError(f"params.yaml: corpus.source is {configured!r}, not {corpus!r}")
    run_chain("report_dataset")


if __name__ == "__main__":
    run_command(build_dataset)
