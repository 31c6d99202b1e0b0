"""cross_validate_matching: systems trained and measured on one small corpus, person by person."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from prefect import task

from models.svhf import Probe
from tasks.evaluation.data_card import write_data_card
from tasks.evaluation.matching_table.comparison import (
    compare_systems,
    count_mixed_pairs,
    name_headline,
)
from tasks.evaluation.matching_table.folds import (
    assign_folds,
    join_people,
    join_systems,
    write_fold,
)
from tasks.evaluation.matching_table.measure import Found, measure_split
from tasks.evaluation.matching_table.ridge import fit_ridge
from tasks.evaluation.matching_table.rounds import People, read_people
from tasks.evaluation.matching_table.sources import Data, open_sources
from tasks.evaluation.matching_table.systems import System, find_common
from tasks.evaluation.store import write_lines, write_samples
from tasks.params import Params
from tasks.report.matching.content import build_report
from tasks.report.render import write_report
from tasks.train_dimnet import fit_dimnet
from tasks.train_svhf import fit_svhf
from tasks.training.precision import choose_device

logger = logging.getLogger(__name__)
TITLE = "Matching, cross-validated by person"
NATIONALITY = "ethnicity"
SVHF_PROBES: Mapping[str, Probe] = {"svhf": "voice", "svhf_face": "face"}


@dataclass(frozen=True)
class Fold:
    """The test people of a fold, and the systems that were trained on everybody else."""

    people: People
    systems: Sequence[System]
    weights: Sequence[Path]


@task(task_run_name="cross_validate_matching")
def cross_validate(
    shards: Path,
    svhf: Path,
    work: Path,
    out: Path,
    *,
    num_folds: int,
    splits: Sequence[str],
    code: str,
    params: Params,
) -> Path:
    """Writes the report to `out`; shards, weights and scores of the folds stay in `work`.

    Returns the page. People of `splits` of known gender with two recordings or more take turns as
    strangers; all others are always trained on. ValueError for too few people.
    """
    torch.set_num_threads(params.run.training_threads)
    seed = params.evaluation.seed
    folds = assign_folds(shards / "voices", num_folds=num_folds, seed=seed, splits=splits)
    parts = []
    for number in range(num_folds):
        held_out = sorted(name for name, fold in folds.items() if fold == number)
        folder = work / f"fold-{number}"
        write_fold(shards, folder / "shards", held_out=held_out)
        write_fold(svhf, folder / "svhf", held_out=held_out)
        parts.append(run_fold(folder, code=code, params=params))
        logger.info("cross_validate_matching: fold %d of %d", number + 1, num_folds)
    evaluation = work / "evaluation"
    measure_folds(parts, evaluation, params=params, seed=seed)
    write_data_card(evaluation, shards, data_sets=("voices", "faces"))
    return write_report(build_report(evaluation, parts[0].weights, title=TITLE), out)


def run_fold(folder: Path, *, code: str, params: Params) -> Fold:
    """DIMNet-I and -G, SVHF for either probe and the linear reference."""
    shards, svhf, weights = folder / "shards", folder / "svhf", folder / "weights"
    for variant in ("I", "G"):
        out = weights / f"dimnet_{variant.lower()}"
        fit_dimnet.fn(shards, out, code, variant, params.train_dimnet, params.run)
    pairs = shards / "pairs/train"
    for name, probe in SVHF_PROBES.items():
        fit_svhf.fn(svhf, weights / name, code, probe, params.train_svhf, params.run, pairs)
    made = [weights / name for name in (*SVHF_PROBES, "dimnet_i", "dimnet_g")]
    sources = open_sources(made, Data(shards, svhf, choose_device(params.run.device)))
    systems = [source.embed("test") for source in sources]
    known = [*(item for item in systems if isinstance(item, System)), fit_ridge(shards)]
    voices, faces = find_common(known, "voices"), find_common(known, "faces")
    people = read_people(shards, "test", voices=voices, faces=faces, nationality=NATIONALITY)
    return Fold(people, [system.select(voices, faces) for system in known], made)


def measure_folds(parts: Sequence[Fold], out: Path, *, params: Params, seed: int) -> None:
    """All folds' test people as one list of trials, none of which mixes two folds."""
    found, systems = Found(), join_systems([part.systems for part in parts])
    measure_split(
        join_people([part.people for part in parts]),
        systems,
        absent={},
        params=params.evaluate_matching,
        seed=seed,
        out=out,
        found=found,
    )
    lines = [*found.lines, *compare_systems(found), *count_mixed_pairs(found)]
    write_lines(out, [*name_headline(lines, [system.name for system in systems]), *lines])
    write_samples(out, found.samples)
