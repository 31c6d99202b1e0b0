"""Sections of the stages that train and evaluate matching; defaults are the papers' (SPEC 6)."""

from typing import Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from tasks.params.training import DecayParams, LoopParams, Weight
from tasks.params.types import STRICT, Count, Positive, Share


@dataclass(frozen=True, config=STRICT)
class TeachersParams:
    """`start: teachers` (chosen): before matching, both streams learn what a pre-trained speaker
    encoder and the shards' face encoder know of the training people.

    `shared`: each stream learns both, by one answer for voices and faces, so that a person's come
    to lie together; DIMNet's variants that know who is who always do.
    """

    loop: LoopParams = Field(default_factory=lambda: LoopParams(20000, 64))
    rate: Positive = 1e-3
    decay: DecayParams = Field(default_factory=lambda: DecayParams(0.5, 5000))
    shared: bool = False


@dataclass(frozen=True, config=STRICT)
class FusionParams:
    """`start: fusion` of SVHF (chosen): after its streams' teachers, the fusion layers learn alone,
    on triplets of what the streams make of `num_passes` passes over the training voices."""

    num_passes: Count = 4
    loop: LoopParams = Field(default_factory=lambda: LoopParams(500, 512))
    rate: Positive = 2e-3
    decay: DecayParams = Field(default_factory=lambda: DecayParams(0.3, 200))


@dataclass(frozen=True, config=STRICT)
class DimnetParams:
    """DIMNet (SPEC 6.2, recalled); every variant is trained alike.

    `nationality` is the column that stands for the covariate of that name: a corpus that does not
    know nationalities may know people's ethnicity. `vary_faces` is by how much training faces are
    moved, scaled, turned and brightened at most (0: not at all, as the paper).
    """

    loop: LoopParams = Field(default_factory=lambda: LoopParams(28000, 256))
    rate: Positive = 0.1
    weight_decay: Weight = 1e-3
    milestones: list[Count] = Field(default_factory=lambda: [16000, 24000])
    nationality: Literal["nationality", "ethnicity"] = "nationality"
    face_widths: list[Count] = Field(default_factory=lambda: [64, 128, 256, 512])
    voice_channels: list[Count] = Field(default_factory=lambda: [256, 384, 576, 864])
    embedding_dim: Count = 64
    vary_faces: Share = 0.0
    start: Literal["random", "teachers"] = "random"
    teachers: TeachersParams = Field(default_factory=TeachersParams)


@dataclass(frozen=True, config=STRICT)
class SvhfParams:
    """SVHF (SPEC 6.1, recalled).

    The paper's streams come from published identification networks; here they learn to tell the
    training people beside the triplets, with `identification_weight` (chosen). Each voice (or
    face) of a batch is the probe of `num_impostors` triplets.
    """

    loop: LoopParams = Field(default_factory=lambda: LoopParams(53000, 64))
    identification_weight: Weight = 1.0
    num_impostors: Count = 1
    rate: Positive = 1e-2
    decay: DecayParams = Field(default_factory=lambda: DecayParams(0.1, 18000))
    weight_decay: Weight = 5e-4
    seconds: Positive = 3.0
    width: Positive = 1.0
    vary_faces: Share = 0.0
    start: Literal["random", "teachers", "fusion"] = "random"
    teachers: TeachersParams = Field(default_factory=TeachersParams)
    fusion: FusionParams = Field(default_factory=FusionParams)


@dataclass(frozen=True, config=STRICT)
class MatchingEvaluationParams:
    """Table 3 of WEN and what belongs to it (SPEC 5.2, 6).

    Each test probe has `trials_per_probe` trials, `train_trials` in all are made of the training
    people; `gallery_trials` a probe for each of `gallery_sizes`.
    """

    trials_per_probe: Count = 108
    train_trials: Count = 50000
    gallery_sizes: list[Count] = Field(default_factory=lambda: [2, 3, 4, 5, 6, 8, 10])
    gallery_trials: Count = 20
