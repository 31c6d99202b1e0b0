"""Aligned faces with their people, before any feature of them is computed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator, Tensor

from tasks.data.augment import Share, flip_faces
from tasks.data.columns import Columns
from tasks.data.readers import ShardIndex, decode_faces, read_index
from tasks.data.rows import read_outcomes
from tasks.data.shards import list_shards, read_records, shard_path
from tasks.data.streams import Batch, ShardDataset, Stream
from tasks.lists.splits import assign_split
from tasks.params import SplitParams
from tasks.records import Clip

COLUMNS = ("clip_id", "face")


@dataclass(frozen=True)
class FaceRow:
    """Who a row of the aligned faces shows; None where no face was kept or nobody is named."""

    clip_id: str
    split: str | None
    identity: str | None


def read_face_rows(clips: Path, faces: Path, split: SplitParams) -> list[FaceRow]:
    """One for each row of the shards of `faces`, in their order."""
    return [
        FaceRow(clip.clip_id, assign_split(clip, split), clip.identity if outcome.is_kept else None)
        for index, path in list_shards(faces).items()
        for clip, outcome in zip(
            read_records(shard_path(clips, index), Clip), read_outcomes(path), strict=True
        )
    ]


def select_split(rows: list[FaceRow], split: str) -> npt.NDArray[np.bool_]:
    """Faces of named people of a split, bool [N]."""
    return np.array([row.split == split and row.identity is not None for row in rows], dtype=bool)


def read_faces_index(faces: Path) -> ShardIndex:
    """ValueError if there are no faces yet."""
    index = read_index(faces, columns=COLUMNS)
    place = index.schema.get_field_index("face")
    named = index.schema.field(place).with_metadata({"encoding": "png"})
    return replace(index, schema=index.schema.set(place, named))


def build_aligned_dataset(
    index: ShardIndex,
    stream: Stream,
    *,
    rows: list[FaceRow],
    labels: Mapping[str, int],
    wanted: npt.NDArray[np.bool_],
) -> ShardDataset:
    """Half of them mirrored: face uint8 [B, 224, 224, 3], label int64 [B]."""
    numbers = {
        row.clip_id: labels[row.identity]
        for row, is_wanted in zip(rows, wanted, strict=True)
        if is_wanted and row.identity is not None
    }
    collate = partial(_collate, numbers=numbers)
    return ShardDataset(index, stream, columns=COLUMNS, collate=collate, wanted=wanted)


def _collate(
    columns: Columns, random: Generator, share: Share, *, numbers: Mapping[str, int]
) -> Batch:
    faces = torch.from_numpy(decode_faces(list(columns["face"])))  # [B, 224, 224, 3]
    labels = torch.tensor([numbers[str(name)] for name in columns["clip_id"]])
    return {"face": flip_faces(faces, random=random, share=share), "label": labels}


def read_aligned_batches(
    index: ShardIndex, wanted: npt.NDArray[np.bool_], *, batch_size: int
) -> Iterator[Tensor]:
    """The wanted faces in order, uint8 [B, 224, 224, 3]."""
    dataset = ShardDataset(
        index, Stream(1, 0), columns=COLUMNS, collate=lambda *_: {}, wanted=wanted
    )
    cache = dataset.open_cache()
    for places in np.split(
        np.flatnonzero(wanted), range(batch_size, int(wanted.sum()), batch_size)
    ):
        cells = cache.read_rows(places.tolist())["face"]
        yield torch.from_numpy(decode_faces(list(cells)))
