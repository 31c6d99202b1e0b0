"""Stage train_ar_spm_decoder: AR-SPM's face decoder."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._training import run_training
from tasks.params import read_params
from tasks.train_ar_spm_decoder import fit_ar_spm_decoder


@flow(name="train_ar_spm_decoder")
def train_ar_spm_decoder(shards: Path, out: Path) -> None:
    """Trains on the pairs of SHARDS, writes the decoder to OUT."""
    params = read_params()
    run_training(
        fit_ar_spm_decoder,
        inputs={"shards": shards},
        out=out,
        params=params.train_ar_spm_decoder,
        encoder=params.compute_features,
    )


if __name__ == "__main__":
    run_command(train_ar_spm_decoder)
