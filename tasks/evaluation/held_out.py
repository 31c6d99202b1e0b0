"""The pairs that encoders are measured on: people's voices, faces, features and labels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tasks.data.columns import Columns
from tasks.data.readers import Group, ShardIndex, name_person, read_group
from tasks.evaluation.attributes import map_ethnicity
from tasks.evaluation.heads import LabelledFeatures
from tasks.evaluation.linear_head import Attributes
from tasks.evaluation.scores import Floats

COLUMNS = (
    *("clip_id", "source", "video_id", "identity", "face", "face_feature"),
    *("gender", "age", "ethnicity", "nationality"),
)
BLOCK = 16
Labels = Sequence[str | None]


@dataclass(frozen=True)
class HeldOut:
    """N pairs of `groups`, in order: `features` [N, D] of the true faces, `faces` as PNG.

    `people` are identities, or videos where these are unknown; `ages` in years. The split has
    `num_available` pairs.
    """

    groups: Sequence[Group]
    names: Sequence[str]
    people: Sequence[str]
    features: Floats
    faces: Sequence[bytes]
    genders: Labels
    ages: Sequence[float | None]
    ethnicities: Labels
    nationalities: Labels
    sources: frozenset[str]
    num_available: int

    def __len__(self) -> int:
        return len(self.names)

    @property
    def labels(self) -> Attributes:
        """As heads name them."""
        return Attributes(self.genders, self.ages, [map_ethnicity(v) for v in self.ethnicities])

    def label(self, features: Floats) -> LabelledFeatures:
        """Other features [N, D] of the same people."""
        return LabelledFeatures(features, self.labels, self.people)


def draw_groups(index: ShardIndex, *, limit: int, seed: int = 0) -> list[Group]:
    """Row groups of together `limit` rows or a few more, at random, in their order."""
    if index.num_rows <= limit:
        return list(index.groups)
    order = np.random.default_rng(seed).permutation(len(index.groups))
    sums = np.cumsum([index.groups[place].num_rows for place in order])
    chosen = order[: int(np.searchsorted(sums, limit)) + 1]
    return [index.groups[place] for place in sorted(chosen)]


def read_held_out(index: ShardIndex, *, limit: int, seed: int = 0) -> HeldOut:
    """Everything but the spectrograms, of at most about `limit` pairs."""
    groups = draw_groups(index, limit=limit, seed=seed)
    parts = [read_group(group, columns=COLUMNS, schema=index.schema) for group in groups]

    def gather(name: str) -> list[str | None]:
        return [None if v is None else str(v) for part in parts for v in part[name]]

    return HeldOut(
        groups=groups,
        names=[str(name) for name in gather("clip_id")],
        people=[name_person(part, row) for part in parts for row in range(len(part["clip_id"]))],
        features=np.concatenate([np.asarray(part["face_feature"]) for part in parts]),
        faces=[bytes(face) for part in parts for face in part["face"]],
        genders=gather("gender"),
        ages=[_read_age(age) for part in parts for age in part["age"]],
        ethnicities=gather("ethnicity"),
        nationalities=gather("nationality"),
        sources=frozenset(str(source) for source in gather("source")),
        num_available=index.num_rows,
    )


def _read_age(age: object) -> float | None:
    """An unknown age is None, or NaN in a column of numbers."""
    return float(age) if isinstance(age, float | np.floating) and np.isfinite(age) else None


def read_spectrograms(index: ShardIndex, groups: Sequence[Group]) -> Iterator[Tensor]:
    """Float32 [B, 2, T, 257] of the same rows in the same order."""
    for group in groups:
        columns: Columns = read_group(group, columns=("spectrogram",), schema=index.schema)
        stored = np.asarray(columns["spectrogram"])
        for start in range(0, len(stored), BLOCK):
            yield torch.tensor(stored[start : start + BLOCK]).float()
