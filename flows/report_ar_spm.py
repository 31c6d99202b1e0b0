"""Stage report_ar_spm: AR-SPM's evaluation as a page, tables, figures and metrics."""

from pathlib import Path

from prefect import flow

from flows._command import run_command
from flows._reports import run_report
from tasks.report_ar_spm import write_ar_spm_report


@flow(name="report_ar_spm")
def report_ar_spm(
    evaluation: Path,
    encoder: Path,
    decoder: Path,
    priors: Path,
    gender: Path,
    out: Path,
    variants: Path | None = None,
) -> None:
    """Shows EVALUATION in OUT/index.html, with the cards of the weights it is of."""
    run_report(
        write_ar_spm_report,
        inputs={
            "evaluation": evaluation,
            "encoder": encoder,
            "decoder": decoder,
            "priors": priors,
            "gender": gender,
            **({} if variants is None else {"variants": variants}),
        },
        out=out,
    )


if __name__ == "__main__":
    run_command(report_ar_spm)
