"""The trained variants of AR-SPM that are there, and what they make of voices."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.ar_spm import SpeechEncoder
from models.ar_spm_decoder import FaceDecoder
from models.ar_spm_priors import VARIANTS, get_variant
from tasks.data.readers import ShardIndex, check_feature_width
from tasks.evaluation.ar_spm.held_out import BLOCK
from tasks.evaluation.scores import Floats
from tasks.face.encoders import FaceEncoder
from tasks.training.encoders import Predict
from tasks.training.precision import Precision
from tasks.training.priors import load_priors
from tasks.training.weights import read_card, load_weights

CURVE_COLUMNS = ("model", "step", "loss")


@dataclass(frozen=True)
class Weights:
    """Folders of one trained system; `encoders` are speech encoders, the first one the default."""

    encoders: Sequence[Path]
    decoder: Path
    priors: Path
    gender: Path


def list_encoders(default: Path, variants: Path | None) -> list[Path]:
    """The default encoder and those below `variants`; ValueError if none is there."""
    found = sorted(variants.glob("ar_spm-*")) if variants is not None else []
    if variants is not None and not found:
        raise ValueError(f"{variants}: no weights of variants; `make reproduce` trains them")
    return [default, *found]


def name_variant(encoder: Path) -> str:
    return str(read_card(encoder).params["variant"])


def check_weights(weights: Weights, index: ShardIndex) -> None:
    """ValueError where weights were not made with each other, or for features of another width."""
    upstream = {
        "ar_spm_decoder": weights.decoder,
        "priors": weights.priors,
        "gender_classifier": weights.gender,
    }
    for encoder in weights.encoders:
        card = read_card(encoder)
        check_feature_width(index, int(card.config["feature_dim"]))
        for name, folder in upstream.items():
            if card.upstream.get(name) != read_card(folder).sha256:
                raise ValueError(f"{encoder}: was trained with another {name} than {folder}")
    names = [name_variant(encoder) for encoder in weights.encoders]
    for encoder, name in zip(weights.encoders, names, strict=True):
        if names.count(name) > 1:
            raise ValueError(f"{encoder}: variant {name} is given twice")


def open_variants(weights: Weights, *, precision: Precision) -> dict[str, Predict]:
    """By name, in the order of Table 4."""
    predicts: dict[str, Predict] = {}
    for folder in sorted(weights.encoders, key=lambda path: [*VARIANTS].index(name_variant(path))):
        name = name_variant(folder)
        source = load_priors(
            weights.priors, weights.gender, variant=get_variant(name), device=precision.device
        )
        encoder = load_weights(folder, expected=SpeechEncoder).to(precision.device)
        predicts[name] = source.bind(encoder)
    return predicts


@torch.inference_mode()
def predict_features(
    predicts: Mapping[str, Predict], spectrograms: Iterable[Tensor], *, precision: Precision
) -> dict[str, Floats]:
    """Fused features [N, D] of every variant, in one pass over the voices."""
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
    return pixels.permute(0, 2, 3, 1).contiguous().cpu()  # [N, 224, 224, 3]


def see_again(
    decoder: FaceDecoder, encoder: FaceEncoder, features: Floats, *, precision: Precision
) -> Floats:
    """What the face encoder makes of the pictures of `features` [N, D]: [N, D]."""
    parts = []
    for start in range(0, len(features), BLOCK):
        pictures = decode_features(decoder, features[start : start + BLOCK], precision=precision)
        parts.append(encoder.encode(pictures.numpy()))
    return np.concatenate(parts)


def read_curves(encoders: Sequence[Path]) -> list[tuple[str, int, float]]:
    """Rows of CURVE_COLUMNS: the logged training losses of every variant."""
    rows = []
    for encoder in encoders:
        path = encoder / "log.csv"
        if not path.is_file():
            continue
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                rows.append((name_variant(encoder), int(row["step"]), float(row["loss"])))
    return rows
