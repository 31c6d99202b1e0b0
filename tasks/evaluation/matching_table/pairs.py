"""One voice and one face: verification (EER, AUC) and retrieval (mAP), SPEC 6.2."""

from collections.abc import Iterator, Sequence

import numpy as np

from tasks.evaluation.bootstrap import score_mean
from tasks.evaluation.matching_table.rounds import STRATA, People, Round, Stratum
from tasks.evaluation.matching_table.systems import STRANDS, Direction, System
from tasks.evaluation.scores import Indices, Score, complete, make_missing
from tasks.evaluation.store import Line
from tasks.evaluation.verification import compute_average_precision, score_trial_pairs

NO_SCORE = "compares two candidates, gives a single one no score"


def verify(item: Round, systems: Sequence[System]) -> Iterator[Line]:
    """EER and AUC of the trials' pairs: the true one, and the other."""
    for system in systems:
        if not system.has_vectors:
            scores = {name: make_missing(name, NO_SCORE) for name in ("EER", "AUC")}
        elif not len(item.trials):
            scores = {name: make_missing(name, "no trials") for name in ("EER", "AUC")}
        else:
            judge = system.judges[item.direction]
            scores = score_trial_pairs(
                item.trials,
                probes=item.probes,
                probe_vectors=judge.voices.vectors,
                candidate_vectors=judge.faces.vectors,
            )
        for name, score in scores.items():
            yield Line("verification", (system.name, STRATA[item.stratum], name), score)


def retrieve(
    people: People, direction: Direction, stratum: Stratum, systems: Sequence[System]
) -> Iterator[Line]:
    """mAP over all of the other modality, or over what is of the probe's stratum."""
    for system in systems:
        score = make_missing("mAP", NO_SCORE)
        if system.has_vectors:
            score = score_retrieval(people, direction, stratum, system)
        yield Line("retrieval", (system.name, direction, STRATA[stratum]), score)


def score_retrieval(
    people: People, direction: Direction, stratum: Stratum, system: System
) -> Score:
    """Chance is the mean share of the gallery that is of the probe's own person."""
    judge = system.judges[direction]
    probes, candidates = (judge.get(strand) for strand in STRANDS[direction])
    owners = [people.get(strand).people for strand in STRANDS[direction]]
    numbers = _number(*owners)
    values, chances = np.full(len(probes), np.nan), np.full(len(probes), np.nan)
    for rows, gallery in _list_galleries(people, stratum, *owners):
        values[rows] = compute_average_precision(
            probes[rows],
            candidates[gallery],
            probe_people=numbers[0][rows],
            candidate_people=numbers[1][gallery],
        )
        own = np.bincount(numbers[1][gallery], minlength=int(numbers[0].max()) + 1)
        chances[rows] = own[numbers[0][rows]] / len(gallery)
    known = np.isfinite(values)
    chance = float(chances[known].mean()) if known.any() else None
    return complete(score_mean("mAP", values, people=numbers[0]), chance=chance, constant=chance)


def _number(probes: Sequence[str], candidates: Sequence[str]) -> tuple[Indices, Indices]:
    codes: Indices = np.unique(np.array([*probes, *candidates]), return_inverse=True)[1]
    return codes[: len(probes)], codes[len(probes) :]


def _list_galleries(
    people: People, stratum: Stratum, probes: Sequence[str], candidates: Sequence[str]
) -> Iterator[tuple[Indices, Indices]]:
    """Rows of probes and of what they look through, by stratum; unknown ones are in none."""
    strata = people.get_strata(stratum) or dict.fromkeys({*probes, *candidates}, "all")
    places = [np.array([strata.get(name) or "" for name in part]) for part in (probes, candidates)]
    for value in sorted({*places[0].tolist()} & {*places[1].tolist()} - {""}):
        yield np.flatnonzero(places[0] == value), np.flatnonzero(places[1] == value)
