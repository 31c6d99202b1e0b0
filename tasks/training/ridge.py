"""Ridge regression in closed form, its strength chosen among the people it is fitted on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from operator import attrgetter

import torch
from torch import Tensor
from torch.nn import functional

from tasks.training.scores import compute_match_rate

NUM_FOLDS = 5


@dataclass(frozen=True)
class Line:
    """`weight` [D, E] and `bias` [D] from embeddings [N, E] to features [N, D], float64."""

    weight: Tensor
    bias: Tensor

    def predict(self, inputs: Tensor) -> Tensor:
        return inputs.double() @ self.weight.T + self.bias


@dataclass(frozen=True)
class Choice:
    """`strength` is the penalty per sample on standardised inputs; answers are moved `gain` times
    as far from the mean: what is regressed lies near it, and the cosine then sees the mean only.
    `matching` is what the choice reached on the people left out."""

    strength: float
    gain: float
    matching: float


def fit_ridge(inputs: Tensor, targets: Tensor, *, strength: float, gain: float = 1.0) -> Line:
    """Least squares of `targets` [N, D] on standardised `inputs` [N, E], with a penalty of N times
    `strength` on all weights but the mean."""
    x, y = inputs.double(), targets.double()
    mean, scale = x.mean(dim=0), x.std(dim=0).clamp_min(1e-8)
    units, centre = (x - mean) / scale, y.mean(dim=0)
    gram = units.T @ units / len(x) + strength * torch.eye(x.shape[1], dtype=torch.float64)
    solved = torch.linalg.solve(gram, units.T @ (y - centre) / len(x)).T  # [D, E]
    weight = gain * solved / scale
    return Line(weight, centre - weight @ mean)


def choose_ridge(
    inputs: Tensor,
    targets: Tensor,
    *,
    people: Sequence[str],
    strengths: Sequence[float],
    gains: Sequence[float],
) -> Choice:
    """The pair with the best 1:2 matching by cosine on people left out, over five folds.

    ValueError for fewer people than folds.
    """
    folds, found = list(split_people(people)), list[Choice]()
    for strength, gain in product(strengths, gains):
        rates = []
        for out in folds:
            line = fit_ridge(inputs[~out], targets[~out], strength=strength, gain=gain)
            names = [name for name, is_out in zip(people, out.tolist(), strict=True) if is_out]
            rates.append(match(line.predict(inputs[out]), targets[out], people=names))
        found.append(Choice(strength, gain, sum(rates) / len(rates)))
    return max(found, key=attrgetter("matching"))


def match(predicted: Tensor, targets: Tensor, *, people: Sequence[str]) -> float:
    """1:2 matching of features [N, D] by cosine."""
    units = [functional.normalize(values.double(), dim=1) for values in (predicted, targets)]
    return compute_match_rate(units[0] @ units[1].T, people)


def split_people(people: Sequence[str]) -> Iterator[Tensor]:
    """Which rows are left out, bool [N], for each fold; nobody is on both sides."""
    names = sorted(set(people))
    if len(names) < NUM_FOLDS:
        raise ValueError(f"{len(names)} people, at least {NUM_FOLDS} are needed to choose a ridge")
    fold = {name: place % NUM_FOLDS for place, name in enumerate(names)}
    numbers = torch.tensor([fold[name] for name in people])
    for number in range(NUM_FOLDS):
        yield numbers == number
