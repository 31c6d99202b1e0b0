"""The same network trained in other ways: 3 s or 6 s, no batch norm, pixel loss (S2F Fig. 8, 9)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from tasks.data.readers import Group, ShardIndex
from tasks.evaluation.bootstrap import encode_people, score_mean
from tasks.evaluation.features import drop_mean, measure_features
from tasks.evaluation.matching import Trials
from tasks.evaluation.recognition import share_won
from tasks.evaluation.scores import Floats, Score, complete
from tasks.evaluation.speech2face.system import System, Window, hear, open_voice_encoder
from tasks.evaluation.store import Line
from tasks.training.encoders import measure_spread
from tasks.training.weights import Card, read_card

PREFIX = "speech2face-"
WHOLE = {"whole": Window()}
DIFFERENCES: Mapping[str, Callable[[Any], str]] = {
    "seconds": lambda seconds: f"trained on {seconds:g} s",
    "batch_norm": lambda used: "batch norm" if used else "no batch norm",
    "loss": lambda loss: f"loss of {loss}",
}


def list_variants(folder: Path | None, *, default: Path) -> dict[str, Path]:
    """Encoders below `folder` by what is different from the `default` one.

    ValueError if one is wanted and none is there, or if one is no variant.
    """
    if folder is None:
        return {}
    paths = sorted(folder.glob(f"{PREFIX}*"))
    if not paths:
        raise ValueError(f"{folder}: no weights of variants; `make reproduce` trains them")
    return {name_variant(read_card(path), read_card(default), path): path for path in paths}


def name_variant(card: Card, default: Card, path: Path) -> str:
    """Parameters that differ, in words."""
    words = [
        describe(card.params.get(name))
        for name, describe in DIFFERENCES.items()
        if card.params.get(name) != default.params.get(name)
    ]
    if not words:
        raise ValueError(f"{path}: trained as the default network is, no variant of it")
    return ", ".join(words)


def hear_variants(
    variants: Mapping[str, Path],
    decoder: Path,
    index: ShardIndex,
    groups: Sequence[Group],
    *,
    system: System,
) -> dict[str, Floats]:
    """Features [N, D] by variant, one network at a time."""
    found = {}
    for name, folder in variants.items():
        encoder = open_voice_encoder(folder, decoder, index, precision=system.precision)
        heard = hear(encoder, index, groups, windows=WHOLE, precision=system.precision)
        found[name] = heard["whole"]
    return found


def score_ablations(
    variants: Mapping[str, Floats],
    true: Floats,
    *,
    people: Sequence[str],
    trials: Trials,
    constant: Floats,
    seed: int = 0,
) -> Iterator[Line]:
    """Labels: variant, measure. `spread` 0 is the average face for everybody (Fig. 9)."""
    codes = encode_people(people)
    same = constant[None].repeat(len(true), axis=0)
    base_angle = drop_mean(measure_features(same, true)["angle_deg"])
    base_won = drop_mean(share_won(trials, same, true)) if len(trials) else None
    for name, features in variants.items():
        angles = measure_features(features, true)["angle_deg"]
        angle = score_mean("angle_deg", angles, people=codes, seed=seed)
        yield Line("ablations", (name, "angle_deg"), complete(angle, constant=base_angle))
        won = share_won(trials, features, true)
        matching = score_mean("matching", won, people=codes, is_share=True, seed=seed)
        reference = complete(matching, chance=trials.chance, constant=base_won)
        yield Line("ablations", (name, "matching"), reference)
        spread = compare_spreads(features, true)
        counts = len(true), len(set(people))
        yield Line("ablations", (name, "spread"), Score("spread", spread, *counts, constant=0.0))


def compare_spreads(features: Floats, true: Floats) -> float:
    """Share of the true features' spread that the predicted ones have."""
    first, second = (measure_spread(torch.from_numpy(values)) for values in (features, true))
    return first / second
