"""Table 3: whose of two faces is it? (SPEC 5.2), by two ways to compare faces, on one trial list.

The trial lists are written as CSV beside the scores, so that other systems take the same trials.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import torch
from torch import nn

from tasks.evaluation.bootstrap import MIN_PEOPLE
from tasks.evaluation.groups import score_groups
from tasks.evaluation.matching import (
    Trials,
    compare_labels,
    compare_vectors,
    draw_trials,
    find_subjects,
    join_strata,
    score_trials,
)
from tasks.evaluation.scores import Floats, Indices, Score
from tasks.evaluation.store import Line, make_samples
from tasks.evaluation.trial_lists import write_trials
from tasks.evaluation.voice2face.corpus import Faces, Labelled, Voices
from tasks.evaluation.voice2face.networks import embed_faces
from tasks.evaluation.voice2face.published import ORACLE, TABLE_3

Stratum = Literal["U", "G"]
STRATA: Mapping[Stratum, str] = {"U": "all people", "G": "same gender"}


@dataclass(frozen=True)
class Contest:
    """The trials of one split and stratum, with whom they are between."""

    split: str
    stratum: Stratum
    trials: Trials
    probes: Labelled
    candidates: Labelled

    @property
    def key(self) -> str:
        return f"{self.split}_{'gender' if self.stratum == 'G' else 'all'}"

    def score(
        self,
        name: str,
        won: Floats,
        *,
        published: float | None = None,
        constant: Floats | None = None,
        seed: int = 0,
    ) -> Score:
        return score_trials(
            name,
            won,
            trials=self.trials,
            probes=self.probes.items,
            candidates=self.candidates.items,
            published=published,
            constant=constant,
            seed=seed,
        )

    def select(self, samples: Indices) -> tuple["Contest", Indices]:
        """The trials of some probes, and which they are."""
        rows = np.flatnonzero(np.isin(self.trials.probes, samples))
        trials = self.trials
        part = Trials(trials.probes[rows], trials.true[rows], trials.others[rows], {})
        return Contest(self.split, self.stratum, part, self.probes, self.candidates), rows


@dataclass(frozen=True)
class Outcome:
    """Lines, values per voice for samples.parquet, and what was won by stratum and embedding."""

    lines: list[Line] = field(default_factory=list)
    samples: list[pa.Table] = field(default_factory=list)
    won: dict[tuple[str, str], tuple[Contest, Floats]] = field(default_factory=dict)

    def add(self, lines: Iterable[Line], samples: Iterable[pa.Table]) -> None:
        self.lines.extend(lines)
        self.samples.extend(samples)


def draw_contest(
    split: str,
    stratum: Stratum,
    *,
    voices: Labelled,
    faces: Labelled,
    num_per_probe: int,
    seed: int,
) -> Contest:
    strata = find_subjects(voices.items, faces.items)
    if stratum == "G":
        genders = faces.get_label_of_people("gender") | voices.get_label_of_people("gender")
        strata = join_strata(strata, genders)
    trials = draw_trials(
        voices.items, faces.items, strata=strata, num_per_probe=num_per_probe, seed=seed
    )
    return Contest(split, stratum, trials, voices, faces)


def write_contest(contest: Contest, folder: Path) -> None:
    """`trials_<split>_<all|gender>.csv`."""
    write_trials(
        contest.trials,
        folder / f"trials_{contest.key}.csv",
        probes=contest.probes.items,
        candidates=contest.candidates.items,
    )


def match_faces(
    contest: Contest,
    voices: Voices,
    faces: Faces,
    *,
    trunks: Mapping[str, nn.Module],
    device: torch.device,
    outcome: Outcome,
    seed: int = 0,
) -> None:
    """Adds a line for each way to compare faces, and the gender oracle's, to `outcome`."""
    for name, trunk in trunks.items():
        made, real = (
            embed_faces(trunk, pictures, device=device)
            for pictures in (voices.pictures, faces.pictures)
        )
        won = compare_vectors(contest.trials, probes=made, candidates=real)
        mean = np.broadcast_to(made.mean(axis=0), made.shape)
        score = contest.score(
            f"matching_{contest.key}" + ("" if name == "trunk" else f"_{name}"),
            won,
            published=TABLE_3["WEN", contest.split, contest.stratum],
            constant=compare_vectors(contest.trials, probes=mean, candidates=real),
            seed=seed,
        )
        labels = ("WEN", contest.split, STRATA[contest.stratum], name)
        outcome.lines.append(Line("table_3", labels, score))
        outcome.samples.append(average_by_voice(score.name, contest, won))
        outcome.won[contest.key, name] = contest, won
    outcome.lines.append(ask_oracle(contest, seed=seed))


def ask_oracle(contest: Contest, *, seed: int = 0) -> Line:
    """What knowing nothing but the genders of voice and faces gives."""
    genders = contest.probes.labels["gender"], contest.candidates.labels["gender"]
    won = compare_labels(contest.trials, *genders)
    published = ORACLE[contest.stratum] if contest.split == "test" else None
    score = contest.score(f"oracle_{contest.key}", won, published=published, seed=seed)
    labels = ("gender oracle", contest.split, STRATA[contest.stratum], "–")
    return Line("table_3", labels, score)


def average_by_voice(metric: str, contest: Contest, won: Floats) -> pa.Table:
    """Each voice's share of its trials."""
    items, probes = contest.probes.items, contest.trials.probes
    counts = np.bincount(probes, minlength=len(items.names))
    sums = np.bincount(probes, won, len(items.names))
    shares = np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)
    return make_samples(metric, sample_ids=items.names, people=items.people, values=shares)


def list_others(split: str) -> Iterator[Line]:
    """The printed rows of other systems, which another report fills (reports/matching)."""
    for (system, where, stratum), value in TABLE_3.items():
        if system != "WEN" and where == split:
            reason = "reports/matching"
            score = Score(f"{system}_{split}_{stratum}", None, 0, 0, published=value, reason=reason)
            name: Stratum = "G" if stratum == "G" else "U"
            yield Line("table_3", (system, split, STRATA[name], "–"), score)


def score_by_group(
    outcome: Outcome, keys: Sequence[tuple[str, str]], *, seed: int = 0
) -> Iterator[Line]:
    """Each headline metric by gender, age group, ethnicity and nationality of the speaker."""
    for key, name in keys:
        contest, won = outcome.won[key, name]

        def compute(samples: Indices, contest: Contest = contest, won: Floats = won) -> Score:
            part, rows = contest.select(samples)
            score = part.score(f"matching_{contest.key}", won[rows], seed=seed)
            return score if score.num_people >= MIN_PEOPLE else drop_interval(score)

        for item in score_groups(compute, contest.probes.labels):
            metric = f"1:2 matching, {STRATA[contest.stratum]}"
            yield Line("groups", (metric, item.attribute, item.group, item.warning), item.score)


def drop_interval(score: Score) -> Score:
    """Of one speaker: trials against many others would say how sure we are about the others."""
    return replace(score, low=None, high=None, reason=score.reason or "no interval: one person")
