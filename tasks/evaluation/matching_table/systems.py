"""A system of Table 3: what it makes of every voice and face, and how it decides a trial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from models.svhf import Svhf
from tasks.evaluation.matching import Trials, compare_scores, compare_vectors
from tasks.evaluation.scores import Floats, Indices
from tasks.training.svhf import compute_preferences

Direction = Literal["V→F", "F→V"]
DIRECTIONS: tuple[Direction, ...] = ("V→F", "F→V")
Strand = Literal["voices", "faces"]
STRANDS: Mapping[Direction, tuple[Strand, Strand]] = {
    "V→F": ("voices", "faces"),
    "F→V": ("faces", "voices"),
}


@dataclass(frozen=True)
class Embedded:
    """Vectors [N, D] of clips by name."""

    names: Sequence[str]
    vectors: Floats

    def select(self, names: Sequence[str]) -> "Embedded":
        places = {name: place for place, name in enumerate(self.names)}
        return Embedded(names, self.vectors[[places[name] for name in names]])


@dataclass(frozen=True)
class Judge:
    """One way to decide trials; without a `network` by cosine, else the network compares two.

    `voices` and `faces` are in the order of the trials' items once they were selected. `parts`
    decide in turn where each of them knows some of the people (folds), end to end.
    """

    voices: Embedded
    faces: Embedded
    network: Svhf | None = None
    parts: tuple["Judge", ...] = ()

    def get(self, strand: Strand) -> Floats:
        return self.voices.vectors if strand == "voices" else self.faces.vectors

    def select(self, voices: Sequence[str], faces: Sequence[str]) -> "Judge":
        return Judge(self.voices.select(voices), self.faces.select(faces), self.network)

    def win(self, trials: Trials, direction: Direction) -> Floats:
        """Share of each trial that is won, [N]."""
        if self.parts:
            return win_by_part(self.parts, trials, direction)
        probes, candidates = (self.get(strand) for strand in STRANDS[direction])
        if self.network is None:
            return compare_vectors(trials, probes=probes, candidates=candidates)
        return win_in_pairs(self.network, trials, probes=probes, candidates=candidates)


def join_judges(parts: Sequence[Judge]) -> Judge:
    """Judges of different people as one; no trial may mix people of two of them."""
    voices, faces = (
        Embedded(
            [name for part in strand for name in part.names],
            np.concatenate([part.vectors for part in strand]),
        )
        for strand in ([part.voices for part in parts], [part.faces for part in parts])
    )
    return Judge(voices, faces, parts[0].network, tuple(parts))


def win_by_part(parts: Sequence[Judge], trials: Trials, direction: Direction) -> Floats:
    """Each trial by the judge who knows its people."""
    sizes = [[len(part.get(strand)) for strand in STRANDS[direction]] for part in parts]
    firsts = np.concatenate([np.zeros((1, 2), np.int64), np.cumsum(sizes, axis=0)])
    won = np.empty(len(trials), np.float32)
    for part, (probe, candidate), end in zip(parts, firsts, firsts[1:, 0], strict=False):
        rows = np.flatnonzero((trials.probes >= probe) & (trials.probes < end))
        own = Trials(
            (trials.probes[rows] - probe).astype(np.int32),
            (trials.true[rows] - candidate).astype(np.int32),
            (trials.others[rows] - candidate).astype(np.int32),
            {},
        )
        won[rows] = part.win(own, direction)
    return won


def win_in_pairs(network: Svhf, trials: Trials, *, probes: Floats, candidates: Floats) -> Floats:
    """Every two candidates of a trial are compared; the largest sum of margins wins (chosen)."""
    own = torch.from_numpy(probes)[torch.from_numpy(trials.probes).long()]  # [N, E]
    chosen = np.concatenate([trials.true[:, None], trials.others], axis=1)  # [N, 1 + M]
    totals = torch.zeros(chosen.shape)
    for one, two in combinations(range(chosen.shape[1]), 2):
        sides = (_take(candidates, chosen[:, place]) for place in (one, two))
        margins = compute_preferences(network, own, *sides)
        totals[:, one] += margins
        totals[:, two] -= margins
    return compare_scores(totals[:, 0].numpy(), totals[:, 1:].numpy())


def _take(vectors: Floats, rows: Indices) -> Tensor:
    return torch.from_numpy(vectors)[torch.from_numpy(rows).long()]


@dataclass(frozen=True)
class System:
    """`judges` by direction; where one is missing, `reasons` says why."""

    name: str
    judges: Mapping[Direction, Judge]
    reasons: Mapping[Direction, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.name.lower().replace("-", "_").replace(" ", "_")

    @property
    def has_vectors(self) -> bool:
        """Whether one voice and one face have a score of their own."""
        return all(judge.network is None for judge in self.judges.values())

    def select(self, voices: Sequence[str], faces: Sequence[str]) -> "System":
        judges = {way: judge.select(voices, faces) for way, judge in self.judges.items()}
        return System(self.name, judges, self.reasons)


def find_common(systems: Sequence[System], strand: Strand) -> list[str]:
    """Clips that every system knows, in the first one's order."""
    known = [
        (judge.voices if strand == "voices" else judge.faces).names
        for system in systems
        for judge in system.judges.values()
    ]
    shared = set(known[0]).intersection(*known[1:])
    return [name for name in known[0] if name in shared]
