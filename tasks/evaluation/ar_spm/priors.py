"""How a mean face settles as faces are added (ARS Table 1, Fig. 2)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import numpy as np

from tasks.data.readers import ShardIndex, name_person, read_batches, read_column
from tasks.evaluation.ar_spm.names import ALL_FACES
from tasks.evaluation.ar_spm.published import PRIOR_STEPS, PRIORS, SIZES
from tasks.evaluation.bootstrap import LEVEL, Doubles
from tasks.evaluation.scores import Floats, Score
from tasks.evaluation.store import Line
from tasks.training.genders import FEMALE, MALE

BLOCK = 4096
# A quantile of fewer draws says nothing.
MIN_REPEATS = 20


@dataclass(frozen=True)
class GenderedFaces:
    """Features [M, D] and [F, D] of training faces; `num_people` of each gender."""

    male: Floats
    female: Floats
    num_people: Mapping[str, int]


@dataclass(frozen=True)
class Step:
    """`values` [R]: L1 between the means of the first `num_before` and `num_after` faces, by draw.

    `scaled` divides them by sqrt(1/num_before - 1/num_after): a mean of independent faces has no
    trend in it.
    """

    prior: str
    num_before: int
    num_after: int
    values: Doubles

    @property
    def scaled(self) -> Doubles:
        return self.values / sqrt(1 / self.num_before - 1 / self.num_after)


def read_gendered_faces(
    index: ShardIndex, *, limit: int = SIZES[-1], seed: int = 0
) -> GenderedFaces:
    """Up to `limit` faces of each gender, drawn at random."""
    random = np.random.default_rng(seed)
    genders = read_column(index, "gender")
    rows = {
        name: random.permutation(np.flatnonzero(genders == name))[:limit] for name in (MALE, FEMALE)
    }
    is_wanted = np.zeros(len(genders), bool)
    is_wanted[np.concatenate(list(rows.values()))] = True
    found: dict[str, list[Floats]] = {MALE: [], FEMALE: []}
    people: dict[str, set[str]] = {MALE: set(), FEMALE: set()}
    first = 0
    columns = ["face_feature", "gender", "identity", "video_id"]
    for batch in read_batches(index.folder, columns=columns, batch_size=BLOCK):
        size = len(batch["gender"])
        for row in np.flatnonzero(is_wanted[first : first + size]):
            gender = str(batch["gender"][row])
            found[gender].append(np.asarray(batch["face_feature"])[row])
            people[gender].add(name_person(batch, int(row)))
        first += size
    counts = {"male": len(people[MALE]), "female": len(people[FEMALE])}
    return GenderedFaces(np.array(found[MALE]), np.array(found[FEMALE]), counts)


def list_sizes(num_faces: int, sizes: Sequence[int] = SIZES) -> list[int]:
    """The paper's sizes as far as there are faces, and all there are."""
    last = min(num_faces, sizes[-1])
    return [*(size for size in sizes if size < last), last]


def count_faces(faces: GenderedFaces) -> dict[str, int]:
    """How many each prior can be made of; the neutral one takes as many of each gender."""
    balanced = 2 * min(len(faces.male), len(faces.female))
    return {"neutral": balanced, "male": len(faces.male), "female": len(faces.female)}


def compute_means(
    faces: GenderedFaces, prior: str, sizes: Sequence[int], random: np.random.Generator
) -> Doubles:
    """Means [len(sizes), D] of the first `sizes` faces of one random order."""
    if prior == "neutral":
        halves = [max(1, size // 2) for size in sizes]
        male, female = (_average(part, halves, random) for part in (faces.male, faces.female))
        means: Doubles = (male + female) / 2
        return means
    return _average(faces.male if prior == "male" else faces.female, sizes, random)


def _average(features: Floats, sizes: Sequence[int], random: np.random.Generator) -> Doubles:
    """Sums from size to size: no sum of all faces before the largest size is kept."""
    order = random.permutation(len(features))
    total, before, means = np.zeros(features.shape[1]), 0, []
    for size in sizes:
        total = total + features[order[before:size]].sum(axis=0, dtype=np.float64)
        means.append(total / size)
        before = size
    return np.stack(means)


def measure_steps(faces: GenderedFaces, *, num_repeats: int, seed: int = 0) -> Iterator[Step]:
    """Table 1 over `num_repeats` random orders of the faces."""
    for prior in PRIORS:
        random = np.random.default_rng(seed)
        sizes = list_sizes(count_faces(faces)[prior])
        if len(sizes) < 2:
            continue
        means = np.stack([compute_means(faces, prior, sizes, random) for _ in range(num_repeats)])
        values = np.abs(np.diff(means, axis=1)).sum(axis=2)  # [R, S-1]
        for place, (before, after) in enumerate(pairwise(sizes)):
            yield Step(prior, before, after, values[:, place])


def score_table1(faces: GenderedFaces, *, num_repeats: int, seed: int = 0) -> Iterator[Line]:
    """Labels: prior, step, and whether the distance is divided by the 1/√n of SPEC 5.6."""
    people = {**faces.num_people, "neutral": sum(faces.num_people.values())}
    for step in measure_steps(faces, num_repeats=num_repeats, seed=seed):
        is_paper = step.num_after in SIZES
        name = f"{step.num_before:,} → {f'{step.num_after:,}' if is_paper else ALL_FACES}"
        for is_scaled in (False, True):
            score = score_step(step, num_people=people[step.prior], is_scaled=is_scaled)
            yield Line("table1", (step.prior, name, score.name), score)


def score_step(step: Step, *, num_people: int, is_scaled: bool) -> Score:
    """Mean over the draws; the interval holds 95 % of the draws, and not of people."""
    values = step.scaled if is_scaled else step.values
    low, high = None, None
    if len(values) >= MIN_REPEATS:
        low, high = (float(v) for v in np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    return Score(
        "l1_scaled" if is_scaled else "l1",
        float(values.mean()),
        step.num_after,
        num_people,
        low,
        high,
        published=_find_published(step, is_scaled=is_scaled),
        reason="" if low is not None else f"no interval: {len(values)} draws",
    )


def _find_published(step: Step, *, is_scaled: bool) -> float | None:
    row = PRIOR_STEPS.get((step.num_before, step.num_after))
    if row is None:
        return None
    value = row[PRIORS.index(step.prior)]
    return value / sqrt(1 / step.num_before - 1 / step.num_after) if is_scaled else value
