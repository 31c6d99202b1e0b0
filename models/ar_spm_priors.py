"""The seven models of AR-SPM Table 4 and the prior face feature that each one adds."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor

from models.ar_spm import Fusion

PriorKind = Literal["none", "neutral", "by_gender", "male", "female"]
TrainingVoices = Literal["all", "male", "female"]


@dataclass(frozen=True)
class PriorVariant:
    """`training_voices`: Model_male and Model_female are trained on one gender only (4.3.2)."""

    fusion: Fusion
    prior: PriorKind
    training_voices: TrainingVoices = "all"


VARIANTS: Mapping[str, PriorVariant] = MappingProxyType(
    {
        "non-prior": PriorVariant("non-prior", "none"),
        "neutral": PriorVariant("sum", "neutral"),
        "neutral+fc": PriorVariant("fc", "neutral"),
        "gender": PriorVariant("sum", "by_gender"),
        "gender+fc": PriorVariant("fc", "by_gender"),
        "male": PriorVariant("sum", "male", "male"),
        "female": PriorVariant("sum", "female", "female"),
    }
)


@dataclass(frozen=True)
class FacePriors:
    """Mean face features [D] over the training faces of each gender (SPEC 3.5)."""

    male: Tensor
    female: Tensor

    @property
    def neutral(self) -> Tensor:
        """Gender-balanced mean [D]: that of the two means, as the public code."""
        return (self.male + self.female) / 2


def get_variant(name: str) -> PriorVariant:
    """ValueError for a name that is not in Table 4."""
    if name not in VARIANTS:
        raise ValueError(f"variant must be one of {', '.join(VARIANTS)}; got {name!r}")
    return VARIANTS[name]


def choose_priors(
    variant: PriorVariant, priors: FacePriors, *, gender_logits: Tensor | None = None
) -> Tensor | None:
    """The prior to hand to the speech encoder: None, [D], or by voice [B, D].

    `gender_logits` [B], above 0 for male, are needed where the prior follows the voice.
    """
    if variant.prior == "none":
        return None
    if variant.prior != "by_gender":
        return {"neutral": priors.neutral, "male": priors.male, "female": priors.female}[
            variant.prior
        ]
    if gender_logits is None:
        raise ValueError("a prior by gender needs gender_logits")
    return torch.where(gender_logits[:, None] > 0, priors.male, priors.female)  # [B, D]
