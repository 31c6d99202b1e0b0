"""How alike generated faces are, in pixels and to a face encoder (SPEC 5.1, WEN Fig. 2).

SPEC names LPIPS, whose weights come in no package: the angle between features of the data set's own
face encoder stands in for it.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.voice2face import stretch_pictures
from tasks.evaluation.scores import Floats, Score, make_missing
from tasks.evaluation.voice2face.durations import compute_angles
from tasks.face.align import CROP_PX
from tasks.face.encoders import FaceEncoder

PIXELS, PERCEIVED = "pixel deviation", "angle by the face encoder"
MAX_ENCODED = 200  # 0.03 s each, chosen
A_SET = "a property of the set"


def score_alikeness(name: str, faces: Tensor, encoder: FaceEncoder) -> Iterator[tuple[str, Score]]:
    """Of generated faces [N, 3, 64, 64]; of the second the first MAX_ENCODED."""
    yield PIXELS, score_spread(f"spread_{name}", faces)
    yield PERCEIVED, score_perceived(f"perceived_{name}", faces[:MAX_ENCODED], encoder)


def score_spread(name: str, faces: Tensor) -> Score:
    """Standard deviation over pictures, mean over pixels of pictures in [0, 1]."""
    if len(faces) < 2:
        return make_missing(name, "one picture")
    spread = float(stretch_pictures(faces).std(dim=0).mean())
    return Score(name, spread, len(faces), len(faces), reason=A_SET)


def score_perceived(name: str, faces: Tensor, encoder: FaceEncoder) -> Score:
    """Mean angle in degrees between features of every two pictures."""
    if len(faces) < 2:
        return make_missing(name, "one picture")
    angles = compute_angles(torch.from_numpy(encode_faces(faces, encoder)))  # [N, N]
    pairs = angles[np.triu_indices(len(faces), k=1)]
    return Score(name, float(pairs.mean()), len(faces), len(faces), reason=A_SET)


def encode_faces(faces: Tensor, encoder: FaceEncoder) -> Floats:
    """Features [N, D] of generated faces, enlarged to stored crops' size."""
    large = functional.interpolate(
        stretch_pictures(faces), size=(CROP_PX, CROP_PX), mode="bicubic", align_corners=False
    )
    pixels = (large.clamp(0, 1) * 255).round().to(torch.uint8)
    return encoder.encode(pixels.permute(0, 2, 3, 1).contiguous().numpy())  # [N, D]
