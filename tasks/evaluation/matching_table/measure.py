"""Table 3 and what belongs to it: every system on the same trials (SPEC 5.2, 6)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from tasks.evaluation.matching_table.pairs import retrieve, verify
from tasks.evaluation.matching_table.rounds import (
    STRATA,
    People,
    Round,
    Stratum,
    draw_gallery_rounds,
    draw_round,
)
from tasks.evaluation.matching_table.systems import DIRECTIONS, Direction, System
from tasks.evaluation.scores import Floats, complete, make_missing
from tasks.evaluation.store import Line, make_samples
from tasks.evaluation.voice2face.published import ORACLE, TABLE_3
from tasks.params import MatchingEvaluationParams

ORACLE_NAME = "gender oracle"
TRAIN_STRATA: tuple[Stratum, ...] = ("U", "G")


@dataclass(frozen=True)
class Found:
    """Lines, values per probe, and what each system won by round."""

    lines: list[Line] = field(default_factory=list)
    samples: list[pa.Table] = field(default_factory=list)
    won: dict[str, dict[str, Floats]] = field(default_factory=dict)
    rounds: dict[str, Round] = field(default_factory=dict)


def measure_split(
    people: People,
    systems: Sequence[System],
    *,
    absent: Mapping[str, str],
    params: MatchingEvaluationParams,
    seed: int,
    out: Path,
    found: Found,
) -> None:
    """Adds everything of one split to `found`; `absent` systems have no numbers, and why. Trial
    lists go to `out`/trials."""
    for direction, stratum in list_rounds(people.split):
        item = _draw(people, direction, stratum, params=params, seed=seed)
        item.write(out)
        play(item, systems, absent=absent, found=found)
        if people.split == "test" and direction == "V→F":
            found.lines.extend(verify(item, systems))
    if people.split == "test":
        for direction in DIRECTIONS:
            found.lines.extend(
                measure_galleries(people, direction, systems, params=params, seed=seed, out=out)
            )
            for stratum in STRATA:
                found.lines.extend(retrieve(people, direction, stratum, systems))


def list_rounds(split: str) -> Iterator[tuple[Direction, Stratum]]:
    """Table 3 has both strata of both splits; the rest is of the test people."""
    if split == "train":
        yield from (("V→F", stratum) for stratum in TRAIN_STRATA)
    else:
        yield from ((direction, stratum) for direction in DIRECTIONS for stratum in STRATA)


def _draw(
    people: People,
    direction: Direction,
    stratum: Stratum,
    *,
    params: MatchingEvaluationParams,
    seed: int,
) -> Round:
    if people.split == "test":
        return draw_round(
            people, direction, stratum, num_per_probe=params.trials_per_probe, seed=seed
        )
    most = params.train_trials
    each = -(-most // len(people.voices.names))
    return draw_round(people, direction, stratum, num_per_probe=each, max_trials=most, seed=seed)


def play(
    item: Round, systems: Sequence[System], *, absent: Mapping[str, str], found: Found
) -> None:
    """Adds a line for each system, and the gender oracle's, to `found`."""
    found.rounds[item.key] = item
    own = found.won.setdefault(item.key, {})
    for system in systems:
        name, paper = f"{system.key}_{item.key}", get_published(system.name, item)
        if (judge := system.judges.get(item.direction)) is None:
            score = complete(make_missing(name, system.reasons[item.direction]), published=paper)
        else:
            won = own[system.name] = judge.win(item.trials, item.direction)
            score = item.score(name, won, published=paper)
            found.samples.append(average_by_probe(name, item, won))
        found.lines.append(Line(*label(system.name, item), score))
    for name, reason in absent.items():
        score = complete(make_missing(name, reason), published=get_published(name, item))
        found.lines.append(Line(*label(name, item), score))
    own[ORACLE_NAME] = item.ask_oracle()
    score = item.score(
        f"oracle_{item.key}", own[ORACLE_NAME], published=get_published(ORACLE_NAME, item)
    )
    found.lines.append(Line(*label(ORACLE_NAME, item), score))


def label(name: str, item: Round) -> tuple[str, tuple[str, ...]]:
    """Table and labels of a system's line."""
    table = "table_3" if item.direction == "V→F" and item.stratum in TRAIN_STRATA else "strata"
    return table, (name, item.direction, item.people.split, STRATA[item.stratum])


def get_published(name: str, item: Round) -> float | None:
    if item.direction != "V→F" or item.size != 2:
        return None
    if name == ORACLE_NAME:
        return ORACLE.get(item.stratum) if item.people.split == "test" else None
    return TABLE_3.get((name, item.people.split, item.stratum))


def average_by_probe(metric: str, item: Round, won: Floats) -> pa.Table:
    """Each probe's share of its trials."""
    names, people = item.probes.names, item.probes.people
    counts = np.bincount(item.trials.probes, minlength=len(names))
    sums = np.bincount(item.trials.probes, won, len(names))
    shares = np.divide(sums, counts, out=np.full(len(names), np.nan), where=counts > 0)
    return make_samples(metric, sample_ids=names, people=people, values=shares)


def measure_galleries(
    people: People,
    direction: Direction,
    systems: Sequence[System],
    *,
    params: MatchingEvaluationParams,
    seed: int,
    out: Path,
) -> Iterator[Line]:
    """Accuracy over the number of candidates, by system and for the gender oracle."""
    for item in draw_gallery_rounds(
        people,
        direction,
        sizes=params.gallery_sizes,
        num_per_probe=params.gallery_trials,
        seed=seed,
    ):
        item.write(out)
        for system in systems:
            if direction in system.judges:
                won = system.judges[direction].win(item.trials, direction)
                score = item.score(f"{system.key}_{item.key}", won)
                yield Line("galleries", (system.name, direction, str(item.size)), score)
        score = item.score(f"oracle_{item.key}", item.ask_oracle())
        yield Line("galleries", (ORACLE_NAME, direction, str(item.size)), score)
