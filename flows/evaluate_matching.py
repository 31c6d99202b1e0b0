"""Stage evaluate_matching: SVHF, DIMNet and the other systems, measured on the same trials."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._reports import run_evaluation
from tasks.evaluate_matching import measure_matching
from tasks.params import read_params


@flow(name="evaluate_matching")
def evaluate_matching(shards: Path, svhf: Path, weights: tuple[Path, ...], out: Path) -> None:
    """Measures the systems of the folders WEIGHTS on SHARDS and SVHF's own shards."""
    params = read_params()
    run_evaluation(
        measure_matching,
        inputs={"shards": shards, "svhf": svhf},
        out=out,
        weights=weights,
        params=params.evaluate_matching,
        shared=params.evaluation,
        nationality=params.train_dimnet.nationality,
        run=params.run,
    )


if __name__ == "__main__":
    run_command(evaluate_matching)
