"""The prior that AR-SPM's encoder adds: which one, for which voice (SPEC 3.5)."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from models.ar_spm import GenderClassifier
from models.ar_spm_priors import FacePriors, PriorVariant, choose_priors
from tasks.training.encoders import Predict
from tasks.training.weights import load_tensors, load_weights


@dataclass(frozen=True)
class PriorSource:
    """`gender` names the speaker where the variant needs it; all on one device."""

    variant: PriorVariant
    priors: FacePriors
    gender: GenderClassifier | None

    def add(self, network: nn.Module, spectrograms: Tensor) -> Tensor:
        """The network's features [B, D] of spectrograms [B, 2, T, 257] with their prior."""
        logits = None
        if self.gender is not None:
            with torch.no_grad():
                logits = self.gender(spectrograms)
        prior = choose_priors(self.variant, self.priors, gender_logits=logits)
        features: Tensor = network(spectrograms, prior)
        return features

    def bind(self, network: nn.Module) -> Predict:
        """`network` with this prior, in evaluation mode whenever it is asked."""
        return lambda spectrograms: self.add(network.eval(), spectrograms)


def load_priors(
    priors: Path,
    gender: Path,
    *,
    variant: PriorVariant,
    device: torch.device,
    dimension: int | None = None,
) -> PriorSource:
    """ValueError if the priors are not of features of width `dimension`, where that is given."""
    tensors = {name: value.to(device) for name, value in load_tensors(priors).items()}
    if dimension is not None and (found := len(tensors["male"])) != dimension:
        raise ValueError(f"{priors}: means of {found} values, the shards have {dimension}")
    means = FacePriors(male=tensors["male"], female=tensors["female"])
    if variant.prior != "by_gender":
        return PriorSource(variant, means, None)
    classifier = load_weights(gender, expected=GenderClassifier).to(device)
    assert isinstance(classifier, GenderClassifier)
    return PriorSource(variant, means, classifier)
