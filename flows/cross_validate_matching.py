"""DIMNet, SVHF and a linear reference on one corpus, cross-validated by person, with a report."""

from pathlib import Path
from typing import Literal

from prefect import flow

from flows._command import run_command
from flows._shards import code_of
from tasks.cross_validate_matching import cross_validate
from tasks.evaluation.matching_table.folds import SPLITS
from tasks.params import read_params


@flow(name="cross_validate_matching")
def cross_validate_matching(
    shards: Path,
    svhf: Path,
    work: Path,
    out: Path,
    folds: int = 3,
    turns: Literal["all", "test", "val"] = "all",
) -> None:
    """Trains on SHARDS and SVHF's own shards FOLDS times in WORK, each time without some people;
    the report on those goes to OUT. TURNS: of which split's people some are left out each time."""
    cross_validate(
        shards,
        svhf,
        work,
        out,
        num_folds=folds,
        splits=SPLITS if turns == "all" else (turns,),
        code=code_of(cross_validate),
        params=read_params(),
    )


if __name__ == "__main__":
    run_command(cross_validate_matching)
