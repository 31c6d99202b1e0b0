"""Voices and faces of a split as WEN's networks see them, with who each is of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tasks.data.readers import name_person, read_batches
from tasks.data.shards import list_shards
from tasks.data.stubs import count_rows
from tasks.evaluation.attributes import bin_by_decade
from tasks.evaluation.bootstrap import encode_people
from tasks.evaluation.matching import Items
from tasks.evaluation.scores import Indices
from tasks.evaluation.voice2face.networks import Networks
from tasks.training.gan_scores import make_faces
from tasks.training.recordings import embed_recordings

ATTRIBUTES = ("gender", "age group", "ethnicity", "nationality")
COLUMNS = ("clip_id", "identity", "video_id", "gender", "age", "ethnicity", "nationality")
Wanted = npt.NDArray[np.bool_]
Labels = Mapping[str, Sequence[str | None]]


@dataclass(frozen=True)
class Labelled:
    """Of N samples: clip ids, people by name, and labels by attribute, None where unknown."""

    items: Items
    labels: Labels

    def __len__(self) -> int:
        return len(self.items.names)

    @property
    def people(self) -> Indices:
        return encode_people(list(self.items.people))

    def get_label_of_people(self, attribute: str) -> dict[str, str | None]:
        """None where it is unknown or a person's samples disagree."""
        found: dict[str, set[str | None]] = {}
        for person, label in zip(self.items.people, self.labels[attribute], strict=True):
            found.setdefault(person, set()).add(label)
        return {name: next(iter(own)) if len(own) == 1 else None for name, own in found.items()}


@dataclass(frozen=True)
class Voices:
    """`embeddings` [N, 64] as the voice network gives them; `pictures` [N, 3, 64, 64] as the
    generator does, about [-1, 1]; both on the CPU."""

    who: Labelled
    embeddings: Tensor
    pictures: Tensor


@dataclass(frozen=True)
class Faces:
    """`pictures` uint8 [N, 64, 64, 3], on the CPU."""

    who: Labelled
    pictures: Tensor


def has_rows(folder: Path) -> bool:
    return any(map(count_rows, list_shards(folder).values()))


def read_labels(folder: Path, *, wanted: Wanted | None = None) -> Labelled:
    """Of all (wanted) rows; an empty split has none."""
    names, people = list[str](), list[str]()
    labels: dict[str, list[str | None]] = {attribute: [] for attribute in ATTRIBUTES}
    row = 0
    for batch in read_batches(folder, columns=COLUMNS, batch_size=4096):
        for number in range(len(batch["clip_id"])):
            if wanted is None or wanted[row]:
                names.append(str(batch["clip_id"][number]))
                people.append(name_person(batch, number))
                for attribute in ATTRIBUTES:
                    labels[attribute].append(_read_label(batch, attribute, number))
            row += 1
    return Labelled(Items(names, people), labels)


def _read_label(batch: Mapping[str, Any], attribute: str, row: int) -> str | None:
    if attribute == "age group":
        age = float(batch["age"][row])
        return bin_by_decade(None if np.isnan(age) else age)
    return None if batch[attribute][row] is None else str(batch[attribute][row])


def read_voices(networks: Networks, folder: Path, *, wanted: Wanted | None = None) -> Voices:
    """Whole recordings, as at test time."""
    embedding = networks.gan.embedding
    heard = embed_recordings(embedding, folder, device=networks.device, wanted=wanted)
    pictures = make_faces(networks.gan, heard).cpu()
    return Voices(read_labels(folder, wanted=wanted), heard.embeddings, pictures)


def read_faces(folder: Path) -> Faces:
    batches = read_batches(folder, columns=["face"], batch_size=256)
    return Faces(read_labels(folder), torch.cat([torch.tensor(batch["face"]) for batch in batches]))
