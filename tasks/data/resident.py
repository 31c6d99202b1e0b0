"""Whole data sets as tensors on the device: the GAN trains on them without a loader in its way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator, Tensor

from tasks.audio.logmel import normalise_logmel
from tasks.data.augment import Share, draw_crops, flip_faces, scale_faces
from tasks.data.orders import Rows, build_generator
from tasks.data.readers import (
    build_labels,
    read_batches,
    read_column,
    read_index,
    select_labelled,
)
from tasks.data.schemas import NUM_MELS, SMALL_FACE_SHAPE

Selection = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ResidentVoices:
    """Normalised log-mels end to end, float16 [F, 64]; recording i is `num_frames[i]` from
    `firsts[i]` on (int64 [N], on the CPU). `labels` int64 [N]."""

    frames: Tensor
    firsts: Tensor
    num_frames: Tensor
    labels: Tensor


@dataclass(frozen=True)
class ResidentFaces:
    """`faces` uint8 [N, 64, 64, 3], `labels` int64 [N]."""

    faces: Tensor
    labels: Tensor


def build_shared_labels(voices: Path, faces: Path, *, minimum: int = 2) -> dict[str, int]:
    """Class numbers of those who have both voices and faces, in order of name (official code)."""
    return build_labels(sorted(_read_names(voices) & _read_names(faces)), minimum=minimum)


def _read_names(folder: Path) -> set[str]:
    identities = read_column(read_index(folder, columns=["identity"]), "identity")
    return {str(name) for name in identities if name is not None}


def load_voices(
    folder: Path,
    *,
    labels: Mapping[str, int],
    device: torch.device | str,
    wanted: Selection | None = None,
) -> ResidentVoices:
    """All (wanted) utterances of the people in `labels`."""
    rows, numbers = _select(folder, "logmel", labels=labels, wanted=wanted)
    num_frames = torch.from_numpy(read_column(read_index(folder), "num_frames")[rows]).long()
    firsts = num_frames.cumsum(0) - num_frames
    frames = torch.empty(int(num_frames.sum()), NUM_MELS, dtype=torch.float16, device=device)
    cells = _read_cells(folder, "logmel", rows=rows)
    for first, cell in zip(firsts.tolist(), cells, strict=True):
        values = torch.from_numpy(normalise_logmel(cell)).half()  # [T, 64]
        frames[first : first + len(values)] = values.to(device)
    return ResidentVoices(frames, firsts, num_frames, numbers.to(device))


def load_faces(
    folder: Path,
    *,
    labels: Mapping[str, int],
    device: torch.device | str,
    wanted: Selection | None = None,
) -> ResidentFaces:
    """All (wanted) faces of the people in `labels`."""
    rows, numbers = _select(folder, "face", labels=labels, wanted=wanted)
    faces = torch.empty(len(rows), *SMALL_FACE_SHAPE, dtype=torch.uint8, device=device)
    for place, cell in enumerate(_read_cells(folder, "face", rows=rows)):
        faces[place] = torch.tensor(cell)
    return ResidentFaces(faces, numbers.to(device))


def _select(
    folder: Path, column: str, *, labels: Mapping[str, int], wanted: Selection | None
) -> tuple[Rows, Tensor]:
    """Rows [N] of the data set that are wanted, and their class numbers [N]."""
    index = read_index(folder, columns=[column, "identity"])
    identities = read_column(index, "identity")
    rows = np.flatnonzero(select_labelled(identities, labels, wanted=wanted))
    if not len(rows):
        raise ValueError(f"{folder}: no row is of a person to train on")
    return rows, torch.tensor([labels[name] for name in identities[rows]])


def _read_cells(folder: Path, column: str, *, rows: Rows) -> Iterator[Any]:
    chosen, place = set(rows.tolist()), 0
    for batch in read_batches(folder, columns=[column], batch_size=256):
        for cell in batch[column]:
            if place in chosen:
                yield cell
            place += 1


def compute_resident_rows(num_rows: int, step: int, *, seed: int, share: Share) -> Tensor:
    """Rows int64 [B] of a step: each epoch a permutation, its rest dropped (official code).

    ValueError if there are fewer rows than the batch.
    """
    if num_rows < share.total:
        raise ValueError(f"{num_rows} rows for a batch of {share.total}")
    epoch, within = divmod(step, num_rows // share.total)
    first = within * share.total + share.first
    return _permute(num_rows, seed, epoch)[first : first + share.count]


@lru_cache(maxsize=4)
def _permute(num_rows: int, seed: int, epoch: int) -> Tensor:
    return torch.randperm(num_rows, generator=build_generator(seed, epoch))


def sample_voices(
    voices: ResidentVoices, rows: Tensor, *, random: Generator, share: Share
) -> tuple[Tensor, Tensor]:
    """Random crops float32 [B, 64, L] of recordings `rows` [B], and their labels [B]."""
    crops = draw_crops(voices.num_frames[rows], random=random, share=share)  # [B, L]
    places = (voices.firsts[rows, None] + crops).to(voices.frames.device)
    logmels = voices.frames[places].float().transpose(1, 2)  # [B, 64, L]
    return logmels, voices.labels[rows.to(voices.labels.device)]


def sample_faces(
    faces: ResidentFaces, rows: Tensor, *, random: Generator, share: Share
) -> tuple[Tensor, Tensor]:
    """Faces float32 [B, 3, 64, 64] in [-1, 1], half of them mirrored, and their labels [B]."""
    places = rows.to(faces.faces.device)
    flipped = flip_faces(faces.faces[places], random=random, share=share)
    return scale_faces(flipped), faces.labels[places]
