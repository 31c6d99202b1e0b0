"""Rounds of trials: one seeded list for all systems, by split, direction, stratum and gallery."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from tasks.data.readers import name_person, read_batches
from tasks.evaluation.matching import (
    Items,
    Trials,
    compare_labels,
    draw_trials,
    find_subjects,
    join_strata,
    score_trials,
)
from tasks.evaluation.matching_table.systems import STRANDS, Direction, Strand
from tasks.evaluation.scores import Floats, Score
from tasks.evaluation.trial_lists import write_trials

Stratum = Literal["U", "G", "N", "GN"]
STRATA: Mapping[Stratum, str] = {
    "U": "all people",
    "G": "of one gender",
    "N": "of one nationality",
    "GN": "of one gender and nationality",
}
SHORT: Mapping[Direction, str] = {"V→F": "v2f", "F→V": "f2v"}
Labels = Mapping[str, str | None]


@dataclass(frozen=True)
class People:
    """A split's voices and faces that all systems know; labels by person, None where unknown.

    Where there are `fold`s, people only meet those of their own.
    """

    split: str
    voices: Items
    faces: Items
    gender: dict[str, str | None]
    nationality: dict[str, str | None]
    fold: dict[str, str | None] = field(default_factory=dict)

    def get(self, strand: Strand) -> Items:
        return self.voices if strand == "voices" else self.faces

    def get_strata(self, stratum: Stratum) -> dict[str, str | None] | None:
        chosen: dict[Stratum, list[dict[str, str | None]]] = {
            "U": [],
            "G": [self.gender],
            "N": [self.nationality],
            "GN": [self.gender, self.nationality],
        }
        attributes = [*([self.fold] if self.fold else []), *chosen[stratum]]
        return join_strata(*attributes) if attributes else None


@dataclass(frozen=True)
class Round:
    """Trials between a split's people; `key` names its list of trials and its metrics."""

    key: str
    people: People
    direction: Direction
    stratum: Stratum
    trials: Trials

    @property
    def probes(self) -> Items:
        return self.people.get(STRANDS[self.direction][0])

    @property
    def candidates(self) -> Items:
        return self.people.get(STRANDS[self.direction][1])

    @property
    def size(self) -> int:
        """Candidates of a trial."""
        return 1 + int(self.trials.others.shape[1])

    def score(self, name: str, won: Floats, *, published: float | None = None) -> Score:
        """Accuracy of what was won; a constant answer ties with itself in every trial."""
        constant = np.full(len(won), self.trials.chance)
        return score_trials(
            name,
            won,
            trials=self.trials,
            probes=self.probes,
            candidates=self.candidates,
            published=published,
            constant=constant,
        )

    def ask_oracle(self) -> Floats:
        """What who knows the genders of voice and faces, and nothing else, wins; where one of
        them is unknown, what chance does."""
        probes, candidates = (
            [self.people.gender[person] for person in items.people]
            for items in (self.probes, self.candidates)
        )
        unknown = np.array([gender is None for gender in candidates])
        chosen = np.concatenate([self.trials.true[:, None], self.trials.others], axis=1)
        won = compare_labels(self.trials, probes, candidates)
        return np.where(unknown[chosen].any(axis=1), self.trials.chance, won).astype(np.float32)

    def write(self, folder: Path) -> None:
        path = folder / "trials" / f"{self.key}.csv"
        write_trials(self.trials, path, probes=self.probes, candidates=self.candidates)


def read_people(
    folder: Path, split: str, *, voices: Sequence[str], faces: Sequence[str], nationality: str
) -> People:
    """Who the clips `voices` and `faces` are of; `nationality` is the column that stands for it."""
    owners: dict[str, dict[str, str]] = {"voices": {}, "faces": {}}
    found: dict[str, dict[str, set[str]]] = {"gender": {}, nationality: {}}
    columns = ["clip_id", "identity", "video_id", "gender", nationality]
    for strand, known in owners.items():
        for batch in read_batches(folder / strand / split, columns=columns, batch_size=4096):
            for row, clip in enumerate(batch["clip_id"]):
                known[str(clip)] = person = name_person(batch, row)
                for column, values in found.items():
                    own = values.setdefault(person, set())
                    if batch[column][row] is not None:
                        own.add(str(batch[column][row]))
    return People(
        split,
        Items(voices, [owners["voices"][name] for name in voices]),
        Items(faces, [owners["faces"][name] for name in faces]),
        _agree(found["gender"]),
        _agree(found[nationality]),
    )


def _agree(values: Mapping[str, set[str]]) -> dict[str, str | None]:
    """None where nothing is known or the clips disagree."""
    return {name: next(iter(own)) if len(own) == 1 else None for name, own in values.items()}


def draw_round(
    people: People,
    direction: Direction,
    stratum: Stratum,
    *,
    num_per_probe: int,
    size: int = 2,
    max_trials: int | None = None,
    seed: int = 0,
) -> Round:
    """Of more than `max_trials`, so many are kept at random."""
    probes, candidates = (people.get(strand) for strand in STRANDS[direction])
    subjects, strata = find_subjects(probes, candidates), people.get_strata(stratum)
    trials = draw_trials(
        probes,
        candidates,
        strata=subjects if strata is None else join_strata(subjects, strata),
        num_per_probe=num_per_probe,
        num_others=size - 1,
        seed=seed,
    )
    if max_trials is not None and len(trials) > max_trials:
        random = np.random.default_rng(seed)
        rows = np.sort(random.choice(len(trials), max_trials, replace=False))
        trials = replace(
            trials, probes=trials.probes[rows], true=trials.true[rows], others=trials.others[rows]
        )
    key = f"{SHORT[direction]}_{people.split}_{stratum}" + ("" if size == 2 else f"_of_{size}")
    return Round(key, people, direction, stratum, trials)


def draw_gallery_rounds(
    people: People, direction: Direction, *, sizes: Sequence[int], num_per_probe: int, seed: int
) -> Iterator[Round]:
    """One a gallery size that the people (of each fold) can fill."""
    owners = set(people.voices.people) & set(people.faces.people)
    folds = Counter(people.fold.get(owner) for owner in owners)
    for size in sizes:
        if size <= min(folds.values()):
            found = draw_round(
                people, direction, "U", num_per_probe=num_per_probe, size=size, seed=seed
            )
            yield replace(found, key=f"{SHORT[direction]}_{people.split}_gallery_{size}")
