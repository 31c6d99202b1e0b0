"""The three data sets as streams of batches for training."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator

from tasks.audio.logmel import normalise_logmel
from tasks.data.augment import Share, crop_logmels, flip_faces
from tasks.data.columns import Columns
from tasks.data.readers import (
    check_feature_width,
    decode_faces,
    read_column,
    read_index,
    select_labelled,
)
from tasks.data.streams import Batch, ShardDataset, Stream


def build_pairs_dataset(
    folder: Path,
    stream: Stream,
    *,
    columns: Sequence[str] = ("spectrogram", "face_feature"),
    dimension: int | None = None,
    wanted: npt.NDArray[np.bool_] | None = None,
) -> ShardDataset:
    """Batches of `columns`: spectrogram float16 [B, 2, T, 257], face_feature float32 [B, D],
    landmarks float32 [B, 136], face uint8 [B, 224, 224, 3], labels as lists of B.

    ValueError if the face features' width is not `dimension`.
    """
    index = read_index(folder, columns=columns)
    if dimension is not None:
        check_feature_width(index, dimension)
    return ShardDataset(index, stream, columns=columns, collate=_collate_pairs, wanted=wanted)


def build_voices_dataset(
    folder: Path,
    stream: Stream,
    *,
    labels: Mapping[str, int],
    wanted: npt.NDArray[np.bool_] | None = None,
) -> ShardDataset:
    """Crops of the utterances of the people in `labels`: logmel float32 [B, 64, L], label [B]."""
    index = read_index(folder, columns=("logmel", "identity"))
    return ShardDataset(
        index,
        stream,
        columns=("logmel", "identity"),
        collate=partial(_collate_voices, labels=labels),
        wanted=select_labelled(read_column(index, "identity"), labels, wanted=wanted),
    )


def build_faces_dataset(folder: Path, stream: Stream, *, labels: Mapping[str, int]) -> ShardDataset:
    """Faces of the people in `labels`, half of them mirrored: face uint8 [B, 64, 64, 3], label."""
    index = read_index(folder, columns=("face", "identity"))
    return ShardDataset(
        index,
        stream,
        columns=("face", "identity"),
        collate=partial(_collate_faces, labels=labels),
        wanted=select_labelled(read_column(index, "identity"), labels),
    )


def _collate_pairs(columns: Columns, random: Generator, share: Share) -> Batch:
    return {name: _as_tensor(name, values) for name, values in columns.items()}


def _as_tensor(name: str, values: npt.NDArray[Any] | list[Any]) -> torch.Tensor | list[Any]:
    if name == "face":
        return torch.from_numpy(decode_faces(list(values)))  # [B, H, W, 3]
    return torch.from_numpy(values) if isinstance(values, np.ndarray) else values


def _collate_voices(
    columns: Columns, random: Generator, share: Share, *, labels: Mapping[str, int]
) -> Batch:
    logmels = [torch.from_numpy(normalise_logmel(cell)) for cell in columns["logmel"]]
    crops = crop_logmels(logmels, random=random, share=share)  # [B, 64, L]
    return {"logmel": crops, "label": _number(columns["identity"], labels)}


def _collate_faces(
    columns: Columns, random: Generator, share: Share, *, labels: Mapping[str, int]
) -> Batch:
    faces = torch.from_numpy(np.asarray(columns["face"]))  # [B, 64, 64, 3]
    flipped = flip_faces(faces, random=random, share=share)
    return {"face": flipped, "label": _number(columns["identity"], labels)}


def _number(identities: npt.NDArray[Any] | list[Any], labels: Mapping[str, int]) -> torch.Tensor:
    return torch.tensor([labels[name] for name in identities])  # int64 [B]
