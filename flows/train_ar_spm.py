"""Stage train_ar_spm: the speech encoder of AR-SPM."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._training import run_training
from tasks.params import read_params
from tasks.train_ar_spm import fit_ar_spm


@flow(name="train_ar_spm")
def train_ar_spm(shards: Path, decoder: Path, priors: Path, gender: Path, out: Path) -> None:
    """Trains on SHARDS with face DECODER, PRIORS and GENDER classifier, writes to OUT."""
    params = read_params()
    run_training(
        fit_ar_spm,
        inputs={"shards": shards, "decoder": decoder, "priors": priors, "gender": gender},
        out=out,
        params=params.train_ar_spm,
        encoder=params.compute_features,
    )


if __name__ == "__main__":
    run_command(train_ar_spm)
