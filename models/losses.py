"""Losses on features and logits: Wen et al., Speech2Face, AR-SPM and DIMNet (SPEC 4, 6.2).

Losses of several terms give each term already weighted, by name; the loss is their sum.
Reduction, unless said otherwise: sum over dimensions, mean over the batch (SPEC 7, row 16).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from models.layers import check_choice, to_full_precision

CodeReduction = Literal["mean", "sum"]

S2F_ANGLE_WEIGHT = 0.025  # lambda 1
S2F_DISTILLATION_WEIGHT = 200.0  # lambda 2
S2F_TEMPERATURE = 2.0
ARS_ANGLE_WEIGHT = 1.0
ARS_CODE_WEIGHT = 0.04
ARS_CLASS_WEIGHT = 1.2
UNKNOWN_LABEL = -1


@dataclass(frozen=True)
class FaceViews:
    """One batch of face features and what the frozen networks make of them.

    `feature` [B, D]; `code` [B, 1000] of the face decoder's first layer; `logits` [B, N] of the
    face network's classifier, None where the encoder has none: its term is then left out.
    """

    feature: Tensor
    code: Tensor
    logits: Tensor | None = None


def compute_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Real to 1, generated to 0; logits [B] each."""
    return _compare_with(real_logits, 1.0) + _compare_with(fake_logits, 0.0)


def compute_identity_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of [B, N] and labels [B]: the classifier C, on real pictures only."""
    return functional.cross_entropy(to_full_precision(logits), labels)


def compute_generator_loss(
    fake_logits: Tensor, identity_logits: Tensor, *, labels: Tensor
) -> Tensor:
    """BCE(D(fake), 1) + CE(C(fake), label of the voice), 1:1."""
    return _compare_with(fake_logits, 1.0) + compute_identity_loss(identity_logits, labels)


def compute_covariate_losses(
    logits: Mapping[str, Tensor],
    labels: Mapping[str, Tensor],
    *,
    weights: Mapping[str, float] | None = None,
) -> dict[str, Tensor]:
    """DIMNet: weighted cross-entropy by covariate; a label of -1 (unknown) does not count."""
    return {
        name: (1.0 if weights is None else weights[name]) * _classify_known(values, labels[name])
        for name, values in logits.items()
    }


def compute_speech2face_terms(
    target: FaceViews,
    predicted: FaceViews,
    *,
    angle_weight: float = S2F_ANGLE_WEIGHT,
    distillation_weight: float = S2F_DISTILLATION_WEIGHT,
) -> dict[str, Tensor]:
    """Oh et al. 2019, equations 1 and 2, with v_f as `target` and v_s as `predicted`."""
    terms = {
        "code": compute_l1(target.code, predicted.code),
        "angle": angle_weight * compute_unit_distance(target.feature, predicted.feature),
    }
    if target.logits is not None and predicted.logits is not None:
        distillation = compute_distillation(target.logits, predicted.logits)
        terms["distillation"] = distillation_weight * distillation
    return terms


def compute_ar_spm_terms(
    target: FaceViews,
    predicted: FaceViews,
    *,
    angle_weight: float = ARS_ANGLE_WEIGHT,
    code_weight: float = ARS_CODE_WEIGHT,
    class_weight: float = ARS_CLASS_WEIGHT,
    code_reduction: CodeReduction = "sum",
) -> dict[str, Tensor]:
    """Wang et al. 2020, equation 7, with F as `target` and S as `predicted`.

    The code term is a sum over 1000 dimensions in print and their mean in the public code
    (SPEC 4.3): choose by the gradient norms of the terms, and say which.
    """
    check_choice("code_reduction", code_reduction, allowed=("mean", "sum"))
    scale = 1 / target.code.shape[1] if code_reduction == "mean" else 1.0
    terms = {
        "angle": angle_weight * compute_unit_distance(target.feature, predicted.feature),
        "code": code_weight * scale * compute_l1(target.code, predicted.code),
    }
    if target.logits is not None and predicted.logits is not None:
        terms["class"] = class_weight * compute_cosine_loss(target.logits, predicted.logits)
    return terms


def compute_l1(target: Tensor, predicted: Tensor) -> Tensor:
    """|a - b|_1 over all dimensions but the first."""
    return (
        (to_full_precision(target) - to_full_precision(predicted))
        .abs()
        .flatten(1)
        .sum(dim=1)
        .mean()
    )


def compute_unit_distance(target: Tensor, predicted: Tensor) -> Tensor:
    """| a/|a| - b/|b| |^2 of [B, D]."""
    units = [functional.normalize(to_full_precision(value), dim=1) for value in (target, predicted)]
    return (units[0] - units[1]).square().sum(dim=1).mean()


def compute_cosine_loss(target: Tensor, predicted: Tensor) -> Tensor:
    """1 - cos of [B, D]: L_CS of AR-SPM on features, its third term on fc8."""
    target, predicted = to_full_precision(target), to_full_precision(predicted)
    return 1 - functional.cosine_similarity(target, predicted, dim=1).mean()


def compute_distillation(
    target_logits: Tensor, logits: Tensor, *, temperature: float = S2F_TEMPERATURE
) -> Tensor:
    """-sum p(a) log p(b), p the softmax at `temperature`, of [B, N]."""
    wanted = functional.softmax(to_full_precision(target_logits) / temperature, dim=1)
    found = functional.log_softmax(to_full_precision(logits) / temperature, dim=1)
    return -(wanted * found).sum(dim=1).mean()


def compute_gradient_norms(terms: Mapping[str, Tensor], embeddings: Tensor) -> dict[str, float]:
    """Euclidean norm of each term's gradient with respect to `embeddings`; keeps the graph."""
    norms = {}
    for name, term in terms.items():
        (gradient,) = torch.autograd.grad(
            term, embeddings, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        norms[name] = float(gradient.norm())
    return norms


def _compare_with(logits: Tensor, wanted: float) -> Tensor:
    logits = to_full_precision(logits)
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, wanted))


def _classify_known(logits: Tensor, labels: Tensor) -> Tensor:
    num_known = (labels != UNKNOWN_LABEL).sum().clamp_min(1)
    total = functional.cross_entropy(
        to_full_precision(logits), labels, ignore_index=UNKNOWN_LABEL, reduction="sum"
    )
    return total / num_known
