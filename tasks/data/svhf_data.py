"""SVHF's own data sets: spectrograms of voices and 224-pixel faces, of the same clips and splits as
`voices` and `faces`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import Generator, Tensor

from tasks.data.augment import Share, draw_uniform
from tasks.data.columns import Columns
from tasks.data.readers import decode_faces, read_batches, read_column, read_index, select_labelled
from tasks.data.schemas import COMMON_FIELDS, FACE_SHAPE, SPECTROGRAM_BINS
from tasks.data.streams import Batch, ShardDataset, Stream

VOICES_SCHEMA = pa.schema(
    [
        *COMMON_FIELDS,
        pa.field(
            "spectrogram",
            pa.binary(),
            nullable=False,
            metadata={"shape": f"[-1, {SPECTROGRAM_BINS}]", "dtype": "<f2"},
        ),
        pa.field("num_frames", pa.int32(), nullable=False),
    ]
)
FACES_SCHEMA = pa.schema(
    [
        *COMMON_FIELDS,
        pa.field(
            "face",
            pa.binary(),
            nullable=False,
            metadata={"shape": str(list(FACE_SHAPE)), "dtype": "uint8", "encoding": "png"},
        ),
    ]
)
SCHEMAS = {"voices": VOICES_SCHEMA, "faces": FACES_SCHEMA}


@dataclass(frozen=True)
class FaceShelf:
    """PNG cells [N] in memory, and the rows of each person by class number."""

    cells: Sequence[bytes]
    rows: Sequence[npt.NDArray[np.intp]]


def load_shelf(folder: Path, *, labels: Mapping[str, int]) -> FaceShelf:
    """The faces of the people in `labels`; ValueError if one of them has none."""
    cells, owners = list[bytes](), list[int]()
    for batch in read_batches(folder, columns=["face", "identity"]):
        for cell, name in zip(batch["face"], batch["identity"], strict=True):
            if name in labels:
                cells.append(bytes(cell))
                owners.append(labels[name])
    rows = [np.flatnonzero(np.array(owners) == number) for number in range(len(labels))]
    if missing := [name for name, number in labels.items() if not len(rows[number])]:
        raise ValueError(f"{folder}: no face of {missing[0]}")
    return FaceShelf(cells, rows)


def build_triplets_dataset(
    folder: Path,
    stream: Stream,
    *,
    labels: Mapping[str, int],
    faces: FaceShelf,
    num_frames: int,
    num_impostors: int = 1,
) -> ShardDataset:
    """Voices with a face each, and triplets among them, sides shuffled (SPEC 6.1).

    Batches of `spectrogram` float16 [B, 257, T], random crops of `num_frames`; `face` uint8
    [B, 224, 224, 3] and class numbers `label` [B]. Row i is a probe K = `num_impostors` times:
    its candidates are rows `order` [B, K, 2], one its own and one another person's, and `answer`
    [B, K] says which is its own.
    """
    columns = ("spectrogram", "identity")
    index = read_index(folder, columns=columns)
    collate = partial(
        _collate, labels=labels, faces=faces, num_frames=num_frames, num_impostors=num_impostors
    )
    wanted = select_labelled(read_column(index, "identity"), labels)
    return ShardDataset(index, stream, columns=columns, collate=collate, wanted=wanted)


def _collate(
    columns: Columns,
    random: Generator,
    share: Share,
    *,
    labels: Mapping[str, int],
    faces: FaceShelf,
    num_frames: int,
    num_impostors: int,
) -> Batch:
    starts = draw_uniform(random, share).tolist()
    crops = [
        crop_frames(cell, num_frames, place=place)
        for cell, place in zip(columns["spectrogram"], starts, strict=True)
    ]
    people = torch.tensor([labels[name] for name in columns["identity"]])
    pictures = _take_faces(faces, people, draws=draw_uniform(random, share))
    triplets = [_draw_triplets(people, random=random, share=share) for _ in range(num_impostors)]
    return {
        "spectrogram": torch.from_numpy(np.stack(crops)).transpose(1, 2),  # [B, 257, T]
        "face": pictures,
        "label": people,
        "order": torch.stack([order for order, _ in triplets], dim=1),
        "answer": torch.stack([answers for _, answers in triplets], dim=1),
    }


def _take_faces(faces: FaceShelf, people: Tensor, *, draws: Tensor) -> Tensor:
    """A picture of each of `people` [B]: uint8 [B, 224, 224, 3]."""
    cells = []
    for person, draw in zip(people.tolist(), draws.tolist(), strict=True):
        rows = faces.rows[person]
        cells.append(faces.cells[rows[int(draw * len(rows))]])
    return torch.from_numpy(decode_faces(cells))


def _draw_triplets(people: Tensor, *, random: Generator, share: Share) -> tuple[Tensor, Tensor]:
    """Rows of both candidates [B, 2], and in which column is the probe's own [B].

    ValueError for a batch of a single person.
    """
    answers = (2 * draw_uniform(random, share)).long()
    own = torch.arange(len(people))
    return put_on_sides(own, _pick_rows(people, draw_uniform(random, share)), answers), answers


def crop_frames(cell: npt.NDArray[Any], num_frames: int, *, place: float) -> npt.NDArray[Any]:
    """`num_frames` of [T, 257], repeated where shorter (chosen); `place` in [0, 1) says where."""
    tiled = np.resize(cell, (max(num_frames, len(cell)), cell.shape[1]))
    first = int(place * (len(tiled) - num_frames + 1))
    return tiled[first : first + num_frames]


def put_on_sides(true: Tensor, other: Tensor, answers: Tensor) -> Tensor:
    """[B, 2] with `true` [B] in column `answers` [B], `other` [B] in the other one."""
    first = torch.where(answers == 0, true, other)
    return torch.stack((first, torch.where(answers == 0, other, true)), dim=1)


def _pick_rows(speakers: Tensor, draws: Tensor) -> Tensor:
    """For each row one of another speaker; ValueError for a batch of a single one."""
    is_other = speakers[:, None] != speakers[None]
    counts = is_other.sum(dim=1)
    if not counts.all():
        raise ValueError(f"a batch of {len(speakers)} voices of a single person")
    places = (draws * counts).long() + 1
    return (is_other.cumsum(dim=1) == places[:, None]).int().argmax(dim=1)
