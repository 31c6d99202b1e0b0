"""evaluate_matching: SVHF, DIMNet and the other systems on one list of trials (Table 3 of WEN)."""

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from prefect import task

from tasks.evaluation.data_card import write_data_card
from tasks.evaluation.matching_table.comparison import (
    compare_systems,
    count_mixed_pairs,
    name_headline,
)
from tasks.evaluation.matching_table.measure import Found, measure_split
from tasks.evaluation.matching_table.rounds import People, read_people
from tasks.evaluation.matching_table.sources import Data, Source, open_sources
from tasks.evaluation.matching_table.systems import System, find_common
from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line, describe_headline, get_headline, write_lines, write_samples
from tasks.params import EvaluationParams, MatchingEvaluationParams, RunParams
from tasks.training.precision import choose_device
from tasks.training.stages import clear

logger = logging.getLogger(__name__)
SPLITS = ("test", "train")


@task(task_run_name="evaluate_matching")
def measure_matching(
    shards: Path,
    svhf: Path,
    weights: Sequence[Path],
    out: Path,
    params: MatchingEvaluationParams,
    shared: EvaluationParams,
    nationality: str,
    run: RunParams,
) -> str:
    """Measures whatever systems the folders `weights` hold, writes `out`.

    Returns the headline in words. ValueError for weights that make up no system, or without test
    people.
    """
    torch.set_num_threads(run.training_threads)
    sources = open_sources(weights, Data(shards, svhf, choose_device(run.device)))
    clear(out)
    write_data_card(out, shards, data_sets=("voices", "faces"))
    found = Found()
    for split in SPLITS:
        systems, absent = embed_split(sources, split)
        if not systems:
            raise ValueError(f"{shards}: no {split} people to match: {'; '.join(absent.values())}")
        clips = [find_common(systems, "voices"), find_common(systems, "faces")]
        people = read_people(
            shards, split, voices=clips[0], faces=clips[1], nationality=nationality
        )
        found.lines.extend(count_clips(systems, split, clips=clips))
        measure_split(
            people,
            [system.select(*clips) for system in systems],
            absent=absent,
            params=params,
            seed=shared.seed,
            out=out,
            found=found,
        )
    lines = [*found.lines, *compare_systems(found), *count_mixed_pairs(found)]
    lines.append(name_nationality(nationality, people))
    lines = [*name_headline(lines, [source.name for source in sources]), *lines]
    write_lines(out, lines)
    write_samples(out, found.samples)
    return describe_headline(lines, ", ".join(get_headline(lines).labels))


def name_nationality(column: str, people: People) -> Line:
    """Which column stands for nationality, and how many of the people it says something of."""
    known = [value for value in people.nationality.values() if value is not None]
    score = Score("nationality", float(len(set(known))), len(known), len(known), reason="a count")
    return Line("nationality", (column,), score)


def embed_split(sources: Sequence[Source], split: str) -> tuple[list[System], dict[str, str]]:
    """Systems on a split's voices and faces, and those that cannot be, with the reason."""
    systems, absent = list[System](), dict[str, str]()
    for source in sources:
        system = source.embed(split)
        if isinstance(system, System):
            systems.append(system)
        else:
            absent[source.name] = system
        logger.info("evaluate_matching: %s, %s people", source.name, split)
    return systems, absent


def count_clips(
    systems: Sequence[System], split: str, *, clips: Sequence[Sequence[str]]
) -> list[Line]:
    """How many voices and faces all systems know, of those that the system with most knows."""
    lines = []
    for strand, names in zip(("voices", "faces"), clips, strict=True):
        known = {
            name
            for system in systems
            for judge in system.judges.values()
            for name in (judge.voices if strand == "voices" else judge.faces).names
        }
        num_left_out = len(known) - len(names)
        score = Score(
            f"{strand}_{split}",
            float(len(names)),
            len(names),
            0,
            num_missing=num_left_out,
            reason="a count",
        )
        lines.append(Line("clips", (strand, split), score))
    return lines
