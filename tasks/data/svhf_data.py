"""SVHF's own data sets: spectrograms of voices and 224-pixel faces, of the same clips and splits as
`voices` and `faces`."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import Generator

from tasks.audio.magnitude import NUM_BINS
from tasks.data.augment import Share, draw_uniform
from tasks.data.readers import (
    Columns,
    decode_faces,
    read_batches,
    read_column,
    read_index,
    select_labelled,
)
from tasks.data.schemas import COMMON_FIELDS, FACE_SHAPE
from tasks.data.streams import Batch, ShardDataset, Stream

VOICES_SCHEMA = pa.schema(
    [
        *COMMON_FIELDS,
        pa.field(
            "spectrogram",
            pa.binary(),
            nullable=False,
            metadata={"shape": f"[-1, {NUM_BINS}]", "dtype": "<f2"},
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


def load_shelf(folder: Path, *, labels: dict[str, int]) -> FaceShelf:
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
    labels: dict[str, int],
    faces: FaceShelf,
    num_frames: int,
    num_candidates: int = 2,
) -> ShardDataset:
    """Voices with a face of the speaker and faces of others, sides shuffled.

    Batches of spectrogram float16 [B, 257, T] (a random crop of `num_frames`), faces uint8
    [B, N, 224, 224, 3], which of them is the speaker's (`answer` [B]), and class numbers of the
    voices (`voice_label` [B]) and faces (`face_label` [B, N]).
    """
    columns = ("spectrogram", "identity")
    index = read_index(folder, columns=columns)
    collate = partial(
        _collate, labels=labels, faces=faces, num_frames=num_frames, num_candidates=num_candidates
    )
    wanted = select_labelled(read_column(index, "identity"), labels)
    return ShardDataset(index, stream, columns=columns, collate=collate, wanted=wanted)


def _collate(
    columns: Columns,
    random: Generator,
    share: Share,
    *,
    labels: dict[str, int],
    faces: FaceShelf,
    num_frames: int,
    num_candidates: int,
) -> Batch:
    starts = draw_uniform(random, share).tolist()
    crops = [
        crop_frames(cell, num_frames, place=place)
        for cell, place in zip(columns["spectrogram"], starts, strict=True)
    ]
    speakers = np.array([labels[name] for name in columns["identity"]])
    people, answers = _draw_people(
        speakers, len(labels), count=num_candidates, random=random, share=share
    )
    chosen = [draw_uniform(random, share).numpy() for _ in range(num_candidates)]
    cells = [
        faces.cells[faces.rows[person][int(places[row] * len(faces.rows[person]))]]
        for row, candidates in enumerate(people)
        for person, places in zip(candidates, chosen, strict=True)
    ]
    pictures = torch.from_numpy(decode_faces(cells))
    return {
        "spectrogram": torch.from_numpy(np.stack(crops)).transpose(1, 2),  # [B, 257, T]
        "face": pictures.unflatten(0, people.shape),  # [B, N, 224, 224, 3]
        "answer": torch.from_numpy(answers),
        "voice_label": torch.from_numpy(speakers),
        "face_label": torch.from_numpy(people),
    }


def crop_frames(cell: npt.NDArray[Any], num_frames: int, *, place: float) -> npt.NDArray[Any]:
    """`num_frames` of [T, 257], repeated where shorter; `place` in [0, 1) says from where."""
    tiled = np.resize(cell, (max(num_frames, len(cell)), cell.shape[1]))
    first = int(place * (len(tiled) - num_frames + 1))
    return tiled[first : first + num_frames]


def _draw_people(
    speakers: npt.NDArray[np.intp],
    num_people: int,
    *,
    count: int,
    random: Generator,
    share: Share,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """People [B, N] whose faces are shown, all different, and the speaker's place [B].

    ValueError for fewer people than candidates.
    """
    if num_people < count:
        raise ValueError(f"{num_people} people, {count} candidates")
    others = [list[int]() for _ in speakers]
    for taken in range(1, count):
        draws = draw_uniform(random, share).tolist()
        for row, (speaker, draw) in enumerate(zip(speakers.tolist(), draws, strict=True)):
            person = int(draw * (num_people - taken))
            for known in sorted((speaker, *others[row])):
                person += person >= known
            others[row].append(person)
    places = (draw_uniform(random, share) * count).long().tolist()
    rows = [
        [*other[:place], speaker, *other[place:]]
        for other, speaker, place in zip(others, speakers.tolist(), places, strict=True)
    ]
    return np.array(rows, np.int64), np.array(places, np.int64)
