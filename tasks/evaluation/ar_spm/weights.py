"""The trained variants of AR-SPM that are there."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.data.readers import ShardIndex, check_feature_width
from tasks.evaluation.ar_spm.names import CURVE_COLUMNS, CURVES
from tasks.training.weights import read_card


@dataclass(frozen=True)
class Weights:
    """Folders of one trained system; `encoders` are speech encoders, the first one the default."""

    encoders: Sequence[Path]
    decoder: Path
    priors: Path
    gender: Path


def list_encoders(default: Path, variants: Path | None) -> list[Path]:
    """The default encoder and those of other variants below `variants`; ValueError for none."""
    if variants is None:
        return [default]
    found = sorted(variants.glob("ar_spm-*"))
    if not found:
        raise ValueError(f"{variants}: no weights of variants; `make reproduce` trains them")
    name = name_variant(default)
    return [default, *(folder for folder in found if name_variant(folder) != name)]


def name_variant(encoder: Path) -> str:
    return str(read_card(encoder).params["variant"])


def check_weights(weights: Weights, index: ShardIndex) -> None:
    """ValueError where weights were not made with each other, or for features of another width."""
    upstream = {
        "ar_spm_decoder": weights.decoder,
        "priors": weights.priors,
        "gender_classifier": weights.gender,
    }
    seen: set[str] = set()
    for encoder in weights.encoders:
        card = read_card(encoder)
        check_feature_width(index, int(card.config["feature_dim"]))
        for name, folder in upstream.items():
            if card.upstream.get(name) != read_card(folder).sha256:
                raise ValueError(f"{encoder}: was trained with another {name} than {folder}")
        variant = name_variant(encoder)
        if variant in seen:
            raise ValueError(f"{encoder}: variant {variant} is given twice")
        seen.add(variant)


def write_curves(folder: Path, encoders: Sequence[Path]) -> None:
    """The training losses that every variant logged, as CURVES."""
    rows: list[tuple[str, str, str]] = []
    for encoder in encoders:
        path = encoder / "log.csv"
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                name = name_variant(encoder)
                rows += [(name, row["step"], row["loss"]) for row in csv.DictReader(file)]
    with (folder / CURVES).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([CURVE_COLUMNS, *rows])
