"""What Cole's decoder is trained on: people's normalised faces, and blends of two (SPEC 3.4)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.spline_warp import warp_pictures
from tasks.data.augment import Share
from tasks.data.columns import Columns
from tasks.data.orders import build_generator
from tasks.data.readers import decode_faces, name_person, read_batches
from tasks.data.resident import compute_resident_rows
from tasks.data.streams import Batch
from tasks.face.normalise import (
    NormalisedFaces,
    align_eyes,
    average_people,
    find_neighbours,
    to_bytes,
)

# Faces uint8 [B, 224, 224, 3] to features [B, D].
Encode = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
BLENDS = 7  # of the seed's streams
# Pictures uint8 [224, 224, 3] and their landmarks [68, 2] by clip.
Targets = Mapping[str, tuple[Tensor, NDArray[np.float32]]]
COLUMNS = ("clip_id", "face", "face_feature", "landmarks", "identity", "video_id")


@dataclass(frozen=True)
class DecoderRows:
    """Features [N, D] and the faces they stand for: person `first` [N] moved towards `second` [N]
    by the shares `landmarks` and `texture` [N] in [0, 1]."""

    features: Tensor
    first: Tensor
    second: Tensor
    landmarks: Tensor
    texture: Tensor


def read_normalised(
    folder: Path,
    *,
    eyes_px: float,
    max_people: int | None = None,
    mean_landmarks: Tensor | None = None,
    targets: Targets | None = None,
) -> tuple[NormalisedFaces, DecoderRows]:
    """The first `max_people` people of a split, and a row for each of their pictures.

    Textures are drawn on `mean_landmarks` [68, 2], by default the mean shape of these people. With
    `targets` only clips that have one, which is seen in place of the stored picture.
    """
    pictures, shapes, features, owners = [], [], [], list[str]()
    for batch, row in _iterate_people(folder, max_people):
        clip_id = str(batch["clip_id"][row])
        if targets is not None and clip_id not in targets:
            continue
        face, marks = _read_face(batch, row) if targets is None else targets[clip_id]
        picture, points = align_eyes(face.permute(2, 0, 1).float() / 255, marks, eyes_px=eyes_px)
        pictures.append(to_bytes(picture))
        shapes.append(points)
        features.append(torch.tensor(batch["face_feature"][row]))
        owners.append(name_person(batch, row))
    if not pictures:
        raise ValueError(f"{folder}: no clip of it has a target picture")
    faces = average_people(
        torch.stack(pictures), torch.stack(shapes), owners=owners, mean_landmarks=mean_landmarks
    )
    places = torch.tensor([faces.people.index(name) for name in owners])
    zeros = torch.zeros(len(owners))
    return faces, DecoderRows(torch.stack(features), places, places, zeros, zeros)


def has_target(folder: Path, targets: Targets) -> bool:
    return any(
        str(name) in targets
        for batch in read_batches(folder, columns=["clip_id"], batch_size=1024)
        for name in batch["clip_id"]
    )


def _iterate_people(folder: Path, max_people: int | None) -> Iterator[tuple[Columns, int]]:
    known: set[str] = set()
    for batch in read_batches(folder, columns=COLUMNS, batch_size=64):
        for row in range(len(batch["face"])):
            name = name_person(batch, row)
            if name in known or max_people is None or len(known) < max_people:
                known.add(name)
                yield batch, row


def _read_face(batch: Columns, row: int) -> tuple[Tensor, NDArray[np.float32]]:
    """The stored picture uint8 [224, 224, 3] and its landmarks [68, 2]."""
    face = torch.tensor(decode_faces([batch["face"][row]])[0])
    return face, np.asarray(batch["landmarks"][row]).reshape(68, 2)


def make_blends(
    faces: NormalisedFaces,
    *,
    count: int,
    num_neighbours: int,
    landmark_weight: float,
    seed: int,
    encode: Encode,
) -> DecoderRows:
    """`count` faces between a person and a neighbour, with the features the encoder gives them."""
    random = build_generator(seed, BLENDS)
    near = find_neighbours(faces, count=num_neighbours, landmark_weight=landmark_weight)
    first = torch.randint(len(near), (count,), generator=random)
    second = near[first, torch.randint(near.shape[1], (count,), generator=random)]
    shares = torch.rand(2, count, generator=random)
    rows = DecoderRows(torch.empty(count, 0), first, second, shares[0], shares[1])
    features = []
    for chosen in torch.split(torch.arange(count), 16):
        shapes, textures = look_up(faces, rows, chosen)
        drawn = warp_pictures(textures, source_points=faces.mean_landmarks, target_points=shapes)
        features.append(encode(to_bytes(drawn).permute(0, 2, 3, 1).numpy()))
    return DecoderRows(torch.from_numpy(np.concatenate(features)), first, second, *shares)


def join_rows(*parts: DecoderRows) -> DecoderRows:
    names = DecoderRows.__dataclass_fields__
    return DecoderRows(*(torch.cat([getattr(part, name) for part in parts]) for name in names))


def look_up(faces: NormalisedFaces, rows: DecoderRows, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Target landmarks [B, 68, 2] and textures [B, 3, 224, 224] in [0, 1] of rows `chosen` [B]."""
    a, b = rows.first[chosen], rows.second[chosen]
    shapes = torch.lerp(faces.landmarks[a], faces.landmarks[b], rows.landmarks[chosen, None, None])
    textures = torch.lerp(
        faces.textures[a].float(), faces.textures[b].float(), rows.texture[chosen, None, None, None]
    )
    return shapes, textures / 255


def open_decoder_batches(
    faces: NormalisedFaces, rows: DecoderRows, *, share: Share, seed: int, start: int
) -> Iterator[Batch]:
    """Endless batches from step `start` on; ValueError for fewer rows than a batch of all ranks."""
    step = start
    while True:
        chosen = compute_resident_rows(len(rows.features), step, seed=seed, share=share)
        shapes, textures = look_up(faces, rows, chosen)
        yield {"face_feature": rows.features[chosen], "landmarks": shapes, "texture": textures}
        step += 1
