"""Stage train_gender_classifier: a speaker's gender, for AR-SPM's priors."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._training import run_training
from tasks.params import read_params
from tasks.train_gender_classifier import fit_gender_classifier


@flow(name="train_gender_classifier")
def train_gender_classifier(shards: Path, out: Path) -> None:
    """Trains on the pairs of SHARDS, writes the classifier to OUT."""
    params = read_params()
    run_training(
        fit_gender_classifier,
        inputs={"shards": shards},
        out=out,
        params=params.train_gender_classifier,
    )


if __name__ == "__main__":
    run_command(train_gender_classifier)
