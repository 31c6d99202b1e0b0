"""Stage evaluate_ar_spm: AR-SPM measured on held-out people."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._reports import run_evaluation
from tasks.evaluate_ar_spm import measure_ar_spm
from tasks.params import read_params


@flow(name="evaluate_ar_spm")
def evaluate_ar_spm(
    shards: Path,
    encoder: Path,
    decoder: Path,
    priors: Path,
    gender: Path,
    out: Path,
    variants: Path | None = None,
) -> None:
    """Measures ENCODER with face DECODER, PRIORS and GENDER classifier on SHARDS, writes to OUT.

    Of a folder of VARIANTS all encoders are measured beside it.
    """
    params = read_params()
    run_evaluation(
        measure_ar_spm,
        inputs={
            "shards": shards,
            "encoder": encoder,
            "decoder": decoder,
            "priors": priors,
            "gender": gender,
            **({} if variants is None else {"variants": variants}),
        },
        out=out,
        params=params.evaluate_ar_spm,
        evaluation=params.evaluation,
        features=params.compute_features,
        run=params.run,
    )


if __name__ == "__main__":
    run_command(evaluate_ar_spm)
