"""Quick figures of a run: features and pictures against chance and a constant answer."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

MAX_ROWS = 2000  # of a validation: a matrix of their pairs is held


def compute_match_rate(scores: Tensor, people: Sequence[str]) -> float:
    """1:2 matching: share of (i, j), of different people, with scores[i, i] > scores[i, j].

    `scores` [N, N]: row i is what probe i gives each candidate. Ties count a half; NaN where all
    are one person.
    """
    numbers = {name: number for number, name in enumerate(sorted(set(people)))}
    owners = torch.tensor([numbers[name] for name in people])
    others = owners[:, None] != owners[None]  # [N, N]
    own = scores.diagonal()[:, None]
    won = (own > scores).double() + 0.5 * (own == scores).double()
    return float(won[others].mean())


def compute_owner_rate(
    scores: Tensor, *, probes: Sequence[str], candidates: Sequence[str]
) -> float:
    """1:2 matching: mean over probes of P(a candidate of its person scores above another's).

    `scores` [P, C], people of probes [P] and candidates [C]. Ties count a half; NaN without any
    probe that has both.
    """
    numbers = {name: number for number, name in enumerate(sorted({*probes, *candidates}))}
    owners = torch.tensor([numbers[name] for name in candidates])
    rates = []
    for row, name in zip(scores, probes, strict=True):
        own = owners == numbers[name]
        if own.any() and not own.all():
            margin = row[own][:, None] - row[~own][None]  # [own, others]
            rates.append((margin > 0).double().mean() + 0.5 * (margin == 0).double().mean())
    return float(torch.stack(rates).mean()) if rates else float("nan")


def compute_feature_scores(
    predicted: Tensor, target: Tensor, *, people: Sequence[str], constant: Tensor
) -> dict[str, float]:
    """Angle to the true feature [N, D] and 1:2 matching, also of an answer that is always
    `constant` [D]."""
    truth = functional.normalize(target.double(), dim=1)
    scores = {}
    for name, answer in (("", predicted), ("_constant", constant.expand_as(target))):
        similarity = functional.normalize(answer.double(), dim=1) @ truth.T  # [N, N]
        angles = torch.rad2deg(similarity.diagonal().clamp(-1, 1).acos())
        scores[f"angle_deg{name}"] = float(angles.mean())
        scores[f"matching{name}"] = compute_match_rate(similarity, people)
    return scores


def compute_accuracy(logits: Tensor, labels: Tensor, *, top: int = 1) -> float:
    """Share of rows of [N, C] whose label [N] is among the `top` largest."""
    best = logits.topk(min(top, logits.shape[1]), dim=1).indices  # [N, top]
    return float((best == labels[:, None]).any(dim=1).double().mean())


def compute_majority(labels: Tensor, known: Tensor) -> float:
    """Accuracy on `labels` [N] of always answering the most frequent of `known` [M]."""
    answer = known.bincount().argmax()
    return float((labels == answer).double().mean())


def compute_picture_scores(
    pictures: Tensor, target: Tensor, *, people: Sequence[str], constant: Tensor
) -> dict[str, float]:
    """Mean absolute error of [N, 3, H, W] in [0, 1] and 1:2 matching by it."""
    scores = {}
    for name, answer in (("", pictures), ("_constant", constant.expand_as(target))):
        errors = torch.cdist(answer.flatten(1), target.flatten(1), p=1) / target[0].numel()
        scores[f"mae{name}"] = float(errors.diagonal().mean())
        scores[f"matching{name}"] = compute_match_rate(-errors, people)
    return scores


def add_prefix(scores: Mapping[str, float], prefix: str) -> dict[str, float]:
    return {f"{prefix}_{name}": value for name, value in scores.items()}
