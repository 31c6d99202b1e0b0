"""Stage train_ar_spm: the speech encoder of AR-SPM."""

from dataclasses import replace
from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._training import run_training
from tasks.params import Variant, read_params
from tasks.train_ar_spm import fit_ar_spm


@flow(name="train_ar_spm")
def train_ar_spm(
    shards: Path,
    decoder: Path,
    priors: Path,
    gender: Path,
    out: Path,
    variant: Variant | None = None,
) -> None:
    """Trains on SHARDS with face DECODER, PRIORS and GENDER classifier, writes to OUT.

    VARIANT is one of Table 4's models, that of params.yaml where none is named.
    """
    params = read_params()
    chosen = variant or params.train_ar_spm.variant
    run_training(
        fit_ar_spm,
        inputs={"shards": shards, "decoder": decoder, "priors": priors, "gender": gender},
        out=out,
        options=("--variant", chosen),
        params=replace(params.train_ar_spm, variant=chosen),
        encoder=params.compute_features,
    )


if __name__ == "__main__":
    run_command(train_ar_spm)
