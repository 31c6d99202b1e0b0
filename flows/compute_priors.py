"""Stage compute_priors: AR-SPM's mean face features."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._training import run_training
from tasks.compute_priors import compute_face_priors
from tasks.params import read_params


@flow(name="compute_priors")
def compute_priors(shards: Path, out: Path) -> None:
    """Averages the face features of SHARDS, writes the priors to OUT."""
    params = read_params()
    run_training(
        compute_face_priors,
        inputs={"shards": shards},
        out=out,
        params=params.compute_priors,
    )


if __name__ == "__main__":
    run_command(compute_priors)
