"""Canonical faces made elsewhere, as targets of a face decoder: a table of pictures by clip."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from tasks.face.align import CROP_PX
from tasks.face.boxes import Box
from tasks.face.landmarks import find_landmarks

# Where the face stands in such a picture, as shares of its width and height (chosen: the
# published ones of Speech2Face fill it but for hair and collar).
FACE_LEFT, FACE_TOP, FACE_RIGHT, FACE_BOTTOM = 0.26, 0.32, 0.74, 0.78


def read_canonical_faces(table: Path) -> dict[str, tuple[Tensor, NDArray[np.float32]]]:
    """Pictures uint8 [224, 224, 3] RGB with their landmarks [68, 2], by clip.

    ValueError naming file and line for a missing column or picture, or a clip named twice.
    """
    faces: dict[str, tuple[Tensor, NDArray[np.float32]]] = {}
    for line, clip_id, path in _read_table(table):
        if clip_id in faces:
            raise ValueError(f"{table}:{line}: value {clip_id!r}: named twice")
        try:
            with Image.open(path) as image:
                small = image.convert("RGB").resize((CROP_PX, CROP_PX), Image.Resampling.LANCZOS)
        except (OSError, UnidentifiedImageError) as error:
            raise ValueError(f"{table}:{line}: value {str(path)!r}: {error}") from None
        picture = np.asarray(small)
        sides = (FACE_LEFT, FACE_TOP, FACE_RIGHT, FACE_BOTTOM)
        box = Box(*(CROP_PX * side for side in sides))
        faces[clip_id] = torch.tensor(picture), find_landmarks(picture, box)
    if not faces:
        raise ValueError(f"{table}: no row in it")
    return faces


def _read_table(table: Path) -> Iterator[tuple[int, str, Path]]:
    if not table.is_file():
        raise ValueError(f"train_face_decoder.targets: {table}: no such file")
    with table.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if absent := {"clip_id", "picture"} - set(reader.fieldnames or ()):
            raise ValueError(f"{table}:1: no column {', '.join(sorted(absent))}")
        for row in reader:
            yield reader.line_num, row["clip_id"], table.parent / row["picture"]
