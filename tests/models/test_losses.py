"""Against float64 transcriptions of the printed formulas, one sample at a time."""

import math

import numpy as np
import pytest
import torch

from models.losses import (
    FaceViews,
    compute_ar_spm_terms,
    compute_covariate_losses,
    compute_discriminator_loss,
    compute_distillation,
    compute_generator_loss,
    compute_gradient_norms,
    compute_identity_loss,
    compute_speech2face_terms,
)


def make_views(*, with_logits: bool = True) -> FaceViews:
    logits = 3 * torch.randn(4, 9, dtype=torch.float64) if with_logits else None
    return FaceViews(
        feature=5 * torch.randn(4, 6, dtype=torch.float64),
        code=torch.randn(4, 10, dtype=torch.float64),
        logits=logits,
    )


def take_softmax(values: np.ndarray) -> np.ndarray:
    powers = np.exp(values)
    return powers / powers.sum()


def take_unit_distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(((a / np.linalg.norm(a) - b / np.linalg.norm(b)) ** 2).sum())


def take_cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def average(function, first: torch.Tensor, second: torch.Tensor) -> float:
    pairs = zip(first.numpy(), second.numpy(), strict=True)
    return float(np.mean([function(a, b) for a, b in pairs]))


def take_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> float:
    rows = zip(logits.numpy(), labels.tolist(), strict=True)
    return float(np.mean([-math.log(take_softmax(row)[label]) for row, label in rows]))


def test_wen_losses():
    real, fake = torch.randn(5, dtype=torch.float64), torch.randn(5, dtype=torch.float64)
    logits, labels = torch.randn(5, 3, dtype=torch.float64), torch.tensor([0, 2, 1, 1, 0])
    sigmoid = lambda value: 1 / (1 + math.exp(-value))  # noqa: E731
    judged = np.mean([-math.log(sigmoid(v)) for v in real.tolist()])
    judged += np.mean([-math.log(1 - sigmoid(v)) for v in fake.tolist()])
    fooled = np.mean([-math.log(sigmoid(v)) for v in fake.tolist()])
    classified = take_cross_entropy(logits, labels)
    assert compute_discriminator_loss(real, fake).item() == pytest.approx(judged)
    assert compute_identity_loss(logits, labels).item() == pytest.approx(classified)
    loss = compute_generator_loss(fake, logits, labels=labels)
    assert loss.item() == pytest.approx(fooled + classified)


def test_speech2face_terms():
    target, predicted = make_views(), make_views()
    terms = compute_speech2face_terms(target, predicted)

    def distil(a: np.ndarray, b: np.ndarray) -> float:
        return float(-(take_softmax(a / 2) * np.log(take_softmax(b / 2))).sum())

    assert {name: term.item() for name, term in terms.items()} == pytest.approx(
        {
            "code": average(lambda a, b: np.abs(a - b).sum(), target.code, predicted.code),
            "angle": 0.025 * average(take_unit_distance, target.feature, predicted.feature),
            "distillation": 200 * average(distil, target.logits, predicted.logits),
        }
    )


def test_distillation_is_least_at_its_target():
    target = torch.randn(3, 5, dtype=torch.float64)
    least = compute_distillation(target, target)
    assert all(
        compute_distillation(target, target + 0.1 * torch.randn(3, 5)) > least for _ in range(10)
    )


@pytest.mark.parametrize(("reduction", "scale"), [("sum", 1), ("mean", 1 / 10)])
def test_ar_spm_terms(reduction, scale):
    target, predicted = make_views(), make_views()
    terms = compute_ar_spm_terms(target, predicted, code_reduction=reduction)
    code = average(lambda a, b: np.abs(a - b).sum(), target.code, predicted.code)
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(
        {
            "angle": average(take_unit_distance, target.feature, predicted.feature),
            "code": 0.04 * scale * code,
            "class": 1.2 * (1 - average(take_cosine, target.logits, predicted.logits)),
        }
    )


def test_terms_of_an_encoder_without_classifier():
    target, predicted = make_views(with_logits=False), make_views(with_logits=False)
    assert set(compute_speech2face_terms(target, predicted)) == {"code", "angle"}
    assert set(compute_ar_spm_terms(target, predicted)) == {"angle", "code"}


def test_unknown_reduction_is_named():
    with pytest.raises(ValueError, match="code_reduction must be one of mean, sum; got 'max'"):
        compute_ar_spm_terms(make_views(), make_views(), code_reduction="max")


def test_unknown_covariates_do_not_count():
    logits = torch.randn(4, 3, dtype=torch.float64)
    labels = torch.tensor([0, -1, 2, -1])
    losses = compute_covariate_losses(
        {"gender": logits, "identity": logits},
        {"gender": labels, "identity": torch.full((4,), -1)},
        weights={"gender": 0.5, "identity": 1.0},
    )
    known = take_cross_entropy(logits[[0, 2]], labels[[0, 2]])
    assert losses["gender"].item() == pytest.approx(0.5 * known)
    assert losses["identity"].item() == 0


def test_gradient_norms():
    embeddings = torch.randn(3, 4, requires_grad=True)
    other = torch.ones(2, requires_grad=True)
    terms = {"square": embeddings.square().sum(), "line": 2 * embeddings.sum(), "none": other.sum()}
    norms = compute_gradient_norms(terms, embeddings)
    length = float(np.linalg.norm(embeddings.detach().numpy()))
    assert norms == pytest.approx({"square": 2 * length, "line": 2 * 12**0.5, "none": 0.0})
    sum(terms.values()).backward()
    assert embeddings.grad is not None


def test_half_precision_logits_give_float32_losses():
    views = make_views()
    halves = FaceViews(views.feature.half(), views.code.half(), views.logits.half())
    assert {t.dtype for t in compute_speech2face_terms(halves, halves).values()} == {torch.float32}
