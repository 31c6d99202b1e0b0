"""Pictures that decoders make of real people's features, read again by the face encoder."""

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from models.face_decoder import FaceDecoder
from tasks.evaluation.scores import Floats
from tasks.face.align import CROP_PX
from tasks.face.canonical_faces import FACE_BOTTOM, FACE_LEFT, FACE_RIGHT, FACE_TOP
from tasks.face.encoders import load_encoder
from tasks.training.weights import load_weights

BLOCK, NUM_SHOWN = 16, 12
Pictures = npt.NDArray[np.uint8]


def encode_pictures(pictures: Pictures) -> Floats:
    """dlib's features of canonical faces [N, 224, 224, 3], read as the shards' faces were."""
    left, top, right, bottom = (
        round(CROP_PX * share) for share in (FACE_LEFT, FACE_TOP, FACE_RIGHT, FACE_BOTTOM)
    )
    faces = [
        np.asarray(Image.fromarray(one[top:bottom, left:right]).resize((CROP_PX, CROP_PX)))
        for one in pictures
    ]
    return load_encoder("dlib_resnet", weights=None, sha256=None).encode(np.stack(faces))


@torch.no_grad()
def decode(folder: Path, features: Floats) -> Pictures:
    decoder = load_weights(folder, expected=FaceDecoder)
    parts = [decoder(part).picture for part in torch.from_numpy(features).float().split(BLOCK)]
    pictures = (torch.cat(parts) * 255).round().clamp(0, 255).to(torch.uint8)
    return pictures.permute(0, 2, 3, 1).numpy()


def read_others(table: Path, column: str, clip_ids: list[str]) -> Pictures:
    with table.open(newline="", encoding="utf-8") as file:
        paths = {row["clip_id"]: table.parent / row[column] for row in csv.DictReader(file)}
    pictures = []
    for name in clip_ids:
        with Image.open(paths[name]) as image:
            pictures.append(np.asarray(image.convert("RGB").resize((CROP_PX, CROP_PX))))
    return np.stack(pictures)


def make_pictures(
    decoder: Path, table: Path, *, ids: list[str], seen: Floats, heard: Floats
) -> dict[str, Pictures]:
    """Ours and the others', from the face's feature `seen` [N, D] and from what was `heard`."""
    return {
        "ours, from the face": decode(decoder, seen),
        "the authors', from the face": read_others(table, "from_face", ids),
        "ours, from the voice": decode(decoder, heard),
        "the authors', from the voice": read_others(table, "from_voice", ids),
    }


def write_grid(path: Path, pictures: dict[str, Pictures]) -> None:
    rows = [
        np.concatenate(list(made[:: max(1, len(made) // NUM_SHOWN)][:NUM_SHOWN]), axis=1)
        for made in pictures.values()
    ]
    Image.fromarray(np.concatenate(rows, axis=0)).save(path)
