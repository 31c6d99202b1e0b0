"""The last layer of an encoder from voice to face feature, without gradients: where it begins, and
how far from the mean face its answers lie."""

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import torch
from torch import Tensor, nn

from tasks.data.readers import name_person, read_batches
from tasks.training.encoders import Predict, Predictions, predict_split
from tasks.training.precision import Precision
from tasks.training.ridge import Line, fit_ridge, match
from tasks.training.scores import MAX_ROWS

BLOCK = 16
STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
GAINS = (1.0, 2.0, 4.0, 8.0, 16.0)
GAIN_NOTE = (
    "Answers are moved away from the training faces' mean, the gain (a metric) being the one that "
    "matches the validation people best (chosen): losses pull them towards the mean, and the "
    "cosine then sees the mean only."
)

# Spectrograms [B, 2, T, 257] to what the last layer reads [B, H].
Listen = Callable[[Tensor], Tensor]
ALL = slice(None)


def regress_faces(
    listen: Listen, shards: Path, *, num_frames: int, precision: Precision
) -> tuple[Line, dict[str, float]]:
    """Least squares from what is heard in the training voices (whole, and their first and last
    `num_frames`) to their faces, and what was chosen.

    The penalty is the one that matches the validation people best, at whichever gain.
    """
    parts = (ALL, slice(num_frames), slice(-num_frames, None))
    train = hear_split(listen, shards / "pairs/train", parts=parts, precision=precision)
    val = hear_split(listen, shards / "pairs/val", parts=(ALL,), precision=precision)
    found = []
    for strength, gain in product(STRENGTHS, GAINS):
        line = fit_ridge(train.predicted, train.target, strength=strength, gain=gain)
        rate = match(line.predict(val.predicted), val.target, people=val.people)
        found.append((rate, strength))
    rate, strength = max(found)
    line = fit_ridge(train.predicted, train.target, strength=strength)
    return line, {"start_strength": strength, "start_val_choice": rate}


@torch.no_grad()
def hear_split(
    listen: Listen, folder: Path, *, parts: Sequence[slice], precision: Precision
) -> Predictions:
    """What is heard in `parts` of about the first 2000 voices of a split, and their faces."""
    columns = ["spectrogram", "face_feature", "identity", "video_id"]
    heard, target, people = [], [], list[str]()
    for batch in read_batches(folder, columns=columns, batch_size=BLOCK):
        spectrograms = torch.tensor(batch["spectrogram"]).to(precision.device).float()
        for part in parts:
            with precision.autocast():
                heard.append(listen(spectrograms[:, :, part]).float().cpu())
            target.append(torch.tensor(batch["face_feature"]))
            people += [name_person(batch, row) for row in range(len(spectrograms))]
        if len(people) >= MAX_ROWS * len(parts):
            break
    return Predictions(torch.cat(heard), torch.cat(target), people)


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
