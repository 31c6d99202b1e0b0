"""AR-SPM's weights opened: from voices to features, from features to pictures and back."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from models.ar_spm import GenderClassifier, SpeechEncoder
from models.ar_spm_decoder import FaceDecoder
from models.ar_spm_priors import VARIANTS, FacePriors, get_variant
from tasks.data.readers import ShardIndex
from tasks.evaluation.ar_spm.weights import Weights, check_weights, name_variant
from tasks.evaluation.heads import MAX_DRAWN, LabelledFeatures
from tasks.evaluation.held_out import BLOCK
from tasks.evaluation.linear_head import Attributes, select
from tasks.evaluation.packaged_classifier import classify_faces, is_installed
from tasks.evaluation.scores import Floats
from tasks.face.boxes import Picture, frame_box
from tasks.face.detect import detect_frontal_faces
from tasks.face.encoders import BORDER_PX, FaceEncoder, load_encoder
from tasks.params import FeatureParams
from tasks.training.encoders import Predict
from tasks.training.precision import Precision
from tasks.training.priors import load_priors
from tasks.training.weights import load_tensors, load_weights

MIN_FACE_PX = 80.0  # of a picture of 224 px, chosen
NUM_CHECKED = 200  # 0.07 s each
# Features [N, D] to pictures uint8 [N, 224, 224, 3] on the CPU.
Draw = Callable[[Floats], Tensor]


@dataclass(frozen=True)
class System:
    """`predicts` are the variants by name; `default` is that of the headline."""

    default: str
    predicts: Mapping[str, Predict]
    priors: FacePriors
    classifier: GenderClassifier
    draw: Draw
    encoder: FaceEncoder
    precision: Precision


@dataclass(frozen=True)
class Seen:
    """Of N pictures: `features` [N, D]; of the first NUM_CHECKED, whether (1 or 0) a detector finds
    a face in them, and what the packaged classifier says, None where it is not installed."""

    features: Floats
    has_face: Floats
    packaged: Attributes | None


def open_system(
    weights: Weights, index: ShardIndex, *, features: FeatureParams, precision: Precision
) -> System:
    """ValueError for weights that do not fit each other or the shards."""
    check_weights(weights, index)
    classifier = load_weights(weights.gender, expected=GenderClassifier).to(precision.device)
    decoder = load_weights(weights.decoder, expected=FaceDecoder).to(precision.device)
    assert isinstance(classifier, GenderClassifier)
    assert isinstance(decoder, FaceDecoder)
    means = load_tensors(weights.priors)
    return System(
        name_variant(weights.encoders[0]),
        open_variants(weights, precision=precision),
        FacePriors(male=means["male"], female=means["female"]),
        classifier,
        partial(decode_features, decoder, precision=precision),
        open_face_encoder(features, index),
        precision,
    )


def open_face_encoder(params: FeatureParams, index: ShardIndex) -> FaceEncoder:
    """The one that the shards' features are of; ValueError for another."""
    encoder = load_encoder(
        params.encoder,
        weights=params.weights,
        sha256=params.sha256,
        device=params.device,
        input_scale=params.input_scale,
    )
    wanted = (index.schema.metadata or {}).get(b"encoder_sha256", b"").decode()
    if encoder.weight_sha256 != wanted:
        raise ValueError(
            f"{index.folder}: features are of an encoder with SHA-256 {wanted}, "
            f"compute_features names one with {encoder.weight_sha256}"
        )
    return encoder


def open_variants(weights: Weights, *, precision: Precision) -> dict[str, Predict]:
    predicts: dict[str, Predict] = {}
    for folder in sorted(weights.encoders, key=lambda path: [*VARIANTS].index(name_variant(path))):
        variant = get_variant(name_variant(folder))
        source = load_priors(
            weights.priors, weights.gender, variant=variant, device=precision.device
        )
        encoder = load_weights(folder, expected=SpeechEncoder).to(precision.device)
        predicts[name_variant(folder)] = source.bind(encoder)
    return predicts


@torch.inference_mode()
def predict_features(
    predicts: Mapping[str, Predict], spectrograms: Iterable[Tensor], *, precision: Precision
) -> dict[str, Floats]:
    """What every network says of all voices, [N, …], in one pass over them."""
    found: dict[str, list[Floats]] = {name: [] for name in predicts}
    for block in spectrograms:
        moved = block.to(precision.device)
        for name, predict in predicts.items():
            with precision.autocast():
                found[name].append(predict(moved).float().cpu().numpy())
    return {name: np.concatenate(parts) for name, parts in found.items()}


@torch.inference_mode()
def decode_features(decoder: FaceDecoder, features: Floats, *, precision: Precision) -> Tensor:
    """Pictures uint8 [N, 224, 224, 3] on the CPU; all at once, so for a few."""
    block = torch.from_numpy(np.ascontiguousarray(features, np.float32)).to(precision.device)
    with precision.autocast():
        pictures = decoder(block)
    pixels = (pictures.float().clamp(0, 1) * 255).round().to(torch.uint8)
    placed: Tensor = pixels.permute(0, 2, 3, 1).contiguous().cpu()  # [N, 224, 224, 3]
    return placed


def see_again(system: System, features: Floats) -> Seen:
    """What the face encoder makes of the pictures of `features` [N, D].

    The pictures are read whole, as the crops were that the true features are of.
    """
    parts: list[Floats] = []
    checked: list[Picture] = []
    for start in range(0, len(features), BLOCK):
        pictures = system.draw(features[start : start + BLOCK]).numpy()
        parts.append(system.encoder.encode(pictures))
        checked += list(pictures[: NUM_CHECKED - len(checked)])
    return Seen(np.concatenate(parts), *check_pictures(checked))


def check_pictures(pictures: Sequence[Picture]) -> tuple[Floats, Attributes | None]:
    """Whether faces are found in pictures uint8 [224, 224, 3], and the packaged classifier's
    answers."""
    answers = None
    if is_installed():
        answers = classify_faces(pictures, [frame_box(picture.shape) for picture in pictures])
    return find_faces(np.stack(pictures)), answers


def draw_again(faces: LabelledFeatures, system: System) -> LabelledFeatures:
    """The same people in the decoder's pictures, which are read whole as all others here."""
    rows = np.flatnonzero(np.isfinite(faces.features).all(axis=1))[:MAX_DRAWN]
    people = [faces.people[row] for row in rows]
    seen = see_again(system, faces.features[rows])
    return LabelledFeatures(seen.features, select(faces.labels, rows), people)


def find_faces(pictures: Picture) -> Floats:
    """1 or 0 for each of uint8 [N, H, W, 3] that a face fills: their border pixels go on, or the
    detector sees too little."""
    border = ((0, 0), (BORDER_PX, BORDER_PX), (BORDER_PX, BORDER_PX), (0, 0))
    padded = np.pad(pictures, border, mode="edge")
    found = [
        detect_frontal_faces(picture, min_face_px=MIN_FACE_PX, max_side_px=picture.shape[1])
        for picture in padded
    ]
    return np.array([float(bool(boxes)) for boxes in found])
