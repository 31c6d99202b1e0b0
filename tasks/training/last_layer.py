"""The last layer of an encoder from voice to face feature, without gradients: where it begins, and
how far from the mean face its answers lie."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import torch
from torch import Tensor, nn

from tasks.training.encoders import Predict, predict_split
from tasks.training.precision import Precision
from tasks.training.ridge import Line, fit_ridge, match

STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
GAINS = (1.0, 2.0, 4.0, 8.0, 16.0)
GAIN_NOTE = (
    "Answers are moved away from the training faces' mean, the gain (a metric) being the one that "
    "matches the validation people best (chosen): losses pull them towards the mean, and the "
    "cosine then sees the mean only."
)


def regress_faces(
    listen: Predict, shards: Path, *, precision: Precision
) -> tuple[Line, dict[str, float]]:
    """Least squares from what is heard in the training voices to their faces, and what was chosen.

    The penalty is the one that matches the validation people best, at whichever gain.
    """
    train, val = (
        predict_split(listen, shards / "pairs" / split, precision=precision)
        for split in ("train", "val")
    )
    found = []
    for strength, gain in product(STRENGTHS, GAINS):
        line = fit_ridge(train.predicted, train.target, strength=strength, gain=gain)
        rate = match(line.predict(val.predicted), val.target, people=val.people)
        found.append((rate, strength))
    rate, strength = max(found)
    line = fit_ridge(train.predicted, train.target, strength=strength)
    return line, {"start_strength": strength, "start_val_choice": rate}


@torch.no_grad()
def set_last(
    last: nn.Linear, line: Line, *, before: Tensor | None = None, after: Tensor | None = None
) -> None:
    """Makes the layer answer as `line`, where `before` [H] is added to what it reads and `after`
    [D] to what it answers."""
    weight, bias = line.weight.to(last.weight), line.bias.to(last.bias)
    last.weight.copy_(weight)
    last.bias.copy_(bias - (0 if before is None else weight @ before))
    if after is not None:
        last.bias.sub_(after)


def choose_gain(
    predict: Predict,
    folder: Path,
    *,
    constant: Tensor,
    gains: Sequence[float],
    precision: Precision,
) -> float:
    """Which of `gains` matches the people of a split best by cosine; the first of equals."""
    found = predict_split(predict, folder, precision=precision)

    def rate(gain: float) -> float:
        moved = constant + gain * (found.predicted - constant)
        return match(moved, found.target, people=found.people)

    return max(gains, key=rate)


@torch.no_grad()
def stretch_answers(
    last: nn.Linear, gain: float, *, constant: Tensor, after: Tensor | None = None
) -> None:
    """Answers come to lie `gain` times as far from `constant` [D]; `after` [D] is added to them."""
    added = 0 if after is None else after
    last.weight.mul_(gain)
    last.bias.copy_(gain * last.bias + (1 - gain) * (constant.to(last.bias) - added))
