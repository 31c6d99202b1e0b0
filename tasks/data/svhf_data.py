"""SVHF's own data sets: spectrograms of voices and 224-pixel faces, of the same clips and splits as
`voices` and `faces`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import Generator, Tensor

from tasks.data.augment import Share, draw_uniform
from tasks.data.readers import (
    Columns,
    decode_faces,
    read_batches,
    read_column,
    read_index,
    select_labelled,
)
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
    probe: Literal["voice", "face"],
) -> ShardDataset:
    """Voices and faces of which triplets are made, sides shuffled (SPEC 6.1).

    Batches of `spectrogram` float16 [B, 257, T], random crops of `num_frames`; `face` uint8
    [B, N, 224, 224, 3]; class numbers `voice_label` [B] and `face_label` [B, N]; and `answer` [B],
    which candidate is the probe's. Where a voice is the probe, its candidates are the N = 2 faces
    of its row; where the face is (N = 1), they are the voices of rows `order` [B, 2].
    """
    columns = ("spectrogram", "identity")
    index = read_index(folder, columns=columns)
    collate = partial(_collate, labels=labels, faces=faces, num_frames=num_frames, probe=probe)
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
    probe: Literal["voice", "face"],
) -> Batch:
    crops = [
        crop_frames(cell, num_frames, place=place)
        for cell, place in zip(
            columns["spectrogram"], draw_uniform(random, share).tolist(), strict=True
        )
    ]
    speakers = torch.tensor([labels[name] for name in columns["identity"]])
    answers = (2 * draw_uniform(random, share)).long()
    draws = draw_uniform(random, share)
    if probe == "voice":
        strangers = _skip(draws * (len(labels) - 1), speakers)
        people = put_on_sides(speakers, strangers, answers)
        order = torch.empty(len(speakers), 0, dtype=torch.int64)
    else:
        people = speakers[:, None]
        order = put_on_sides(torch.arange(len(speakers)), _pick_rows(speakers, draws), answers)
    pictures = _take_faces(faces, people, random=random, share=share)
    return {
        "spectrogram": torch.from_numpy(np.stack(crops)).transpose(1, 2),  # [B, 257, T]
        "face": pictures,
        "voice_label": speakers,
        "face_label": people,
        "answer": answers,
        "order": order,
    }


def crop_frames(cell: npt.NDArray[Any], num_frames: int, *, place: float) -> npt.NDArray[Any]:
    """`num_frames` of [T, 257], repeated where shorter (chosen); `place` in [0, 1) says where."""
    tiled = np.resize(cell, (max(num_frames, len(cell)), cell.shape[1]))
    first = int(place * (len(tiled) - num_frames + 1))
    return tiled[first : first + num_frames]


def put_on_sides(true: Tensor, other: Tensor, answers: Tensor) -> Tensor:
    """[B, 2] with `true` [B] in column `answers` [B], `other` [B] in the other one."""
    first = torch.where(answers == 0, true, other)
    return torch.stack((first, torch.where(answers == 0, other, true)), dim=1)


def _skip(draws: Tensor, own: Tensor) -> Tensor:
    """Numbers drawn from [0, P - 1) to ones of 0 … P-1 that are not `own`."""
    numbers = draws.long()
    return numbers + (numbers >= own)


def _pick_rows(speakers: Tensor, draws: Tensor) -> Tensor:
    """For each row one of another speaker; ValueError for a batch of a single one."""
    is_other = speakers[:, None] != speakers[None]
    counts = is_other.sum(dim=1)
    if not counts.all():
        raise ValueError(f"a batch of {len(speakers)} voices of a single person")
    places = (draws * counts).long() + 1
    return (is_other.cumsum(dim=1) == places[:, None]).int().argmax(dim=1)


def _take_faces(faces: FaceShelf, people: Tensor, *, random: Generator, share: Share) -> Tensor:
    """A picture of each of `people` [B, N]: uint8 [B, N, 224, 224, 3]."""
    draws = torch.stack([draw_uniform(random, share) for _ in range(people.shape[1])], dim=1)
    cells = []
    for person, draw in zip(people.flatten().tolist(), draws.flatten().tolist(), strict=True):
        rows = faces.rows[person]
        cells.append(faces.cells[rows[int(draw * len(rows))]])
    pictures = torch.from_numpy(decode_faces(cells))
    return pictures.view(*people.shape, *pictures.shape[1:])
