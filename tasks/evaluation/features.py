"""Distances of predicted to true face features (SPEC 5.3 Table 2, SPEC 5.6 Table 4)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.evaluation.bootstrap import score_mean
from tasks.evaluation.pairing import shuffle
from tasks.evaluation.scores import Floats, Indices, Score, complete
from tasks.evaluation.vectors import check_vectors

Doubles = npt.NDArray[np.float64]
ROWS_PER_BLOCK = 512
# SPEC 5.3 Table 2, mean and std by seconds of input. The authors' L1 and L2 have no known unit.
PUBLISHED_ANGLE = {3: (48.43, 6.01), 6: (45.75, 5.09)}


@dataclass(frozen=True)
class FeatureScore:
    """A distance's mean with its interval, and its standard deviation over samples."""

    mean: Score
    std: float | None


def measure_features(predicted: Floats, true: Floats) -> dict[str, Doubles]:
    """Row by row [N]: angle in degrees, L1 and L2 of raw and of unit vectors, rescaled cosine.

    The angle and the unit distances of a vector of zeros are NaN. `rescaled_cosine` is
    0.5 + 0.5·cos, which the public code of ARS averages (SPEC 5.6).
    """
    check_vectors(predicted, true)
    blocks = [slice(start, start + ROWS_PER_BLOCK) for start in range(0, len(true), ROWS_PER_BLOCK)]
    parts = [_measure_rows(predicted[block], true[block]) for block in blocks]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _measure_rows(predicted: Floats, true: Floats) -> dict[str, Doubles]:
    left, right = predicted.astype(np.float64), true.astype(np.float64)
    unit_left, unit_right = _scale(left), _scale(right)
    difference = unit_left - unit_right
    l2 = np.linalg.norm(difference, axis=1)
    # Well-conditioned at small angles, unlike arccos.
    angle = 2 * np.arctan2(l2, np.linalg.norm(unit_left + unit_right, axis=1))
    return {
        "angle_deg": np.degrees(angle),
        "l1": np.abs(left - right).sum(axis=1),
        "l2": np.linalg.norm(left - right, axis=1),
        "unit_l1": np.abs(difference).sum(axis=1),
        "unit_l2": l2,
        "rescaled_cosine": 0.5 + 0.5 * np.cos(angle),
    }


def _scale(vectors: Doubles) -> Doubles:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, np.nan)


def score_features(
    predicted: Floats,
    true: Floats,
    *,
    people: Indices,
    constant: Floats | None = None,
    published: Mapping[str, float] | None = None,
    seed: int = 0,
) -> dict[str, FeatureScore]:
    """Means ± std with intervals over `people` [N].

    `constant` [D] is the constant-prior predictor (default: the mean of `true`, which knows the
    test set). Chance is the same predictions for other people's faces.
    """
    answer = true.mean(axis=0) if constant is None else constant
    same = np.broadcast_to(answer, true.shape)
    strangers = true[shuffle(people, seed=seed)]
    references = measure_features(same, true), measure_features(predicted, strangers)
    scores = {}
    for name, values in measure_features(predicted, true).items():
        score = score_mean(name, values, people=people, seed=seed)
        baseline, chance = (drop_mean(reference[name]) for reference in references)
        mean = complete(
            score, chance=chance, constant=baseline, published=(published or {}).get(name)
        )
        known = values[np.isfinite(values)]
        scores[name] = FeatureScore(mean, float(known.std(ddof=1)) if len(known) > 1 else None)
    return scores


def drop_mean(values: Doubles) -> float | None:
    """Mean of what is finite; None where nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def rescale_to_degrees(mean_rescaled_cosine: float) -> float:
    """The angle as ARS seems to print it: arccos of the mean of 0.5 + 0.5·cos (SPEC 5.6)."""
    return float(np.degrees(np.arccos(np.clip(mean_rescaled_cosine, -1, 1))))


def unscale_degrees(printed_deg: float) -> float:
    """The true angle behind one that ARS printed, if it was rescaled: arccos(2c - 1)."""
    return float(np.degrees(np.arccos(np.clip(2 * np.cos(np.radians(printed_deg)) - 1, -1, 1))))
