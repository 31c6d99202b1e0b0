"""Sections of the stages that train; the defaults are the papers' values (SPEC 3 and 4)."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from tasks.params.types import STRICT, Count, Positive, Share

Weight = Annotated[float, Field(ge=0)]
Natural = Annotated[int, Field(ge=0)]
Choice = Literal["code", "paper"]  # which of the two, where they differ (SPEC 4.1)
Speech2FaceVariant = Literal["other-length", "no-batch-norm", "pixels"]
Variant = Literal["non-prior", "neutral", "neutral+fc", "gender", "gender+fc", "male", "female"]


@dataclass(frozen=True, config=STRICT)
class LoopParams:
    """How long a run is and what it leaves on its way; `..._every` count steps, 0 is never."""

    num_steps: Count
    batch_size: Count
    seed: Natural = 0
    log_every: Count = 100
    save_every: Count = 1000
    validate_every: Natural = 1000
    draw_every: Natural = 0
    gradients_every: Natural = 0


@dataclass(frozen=True, config=STRICT)
class DecayParams:
    """The rate is multiplied by `factor` after every `steps`."""

    factor: Positive
    steps: Count


@dataclass(frozen=True, config=STRICT)
class VoiceEmbeddingParams:
    """WEN's voice embedding as a speaker recogniser (SPEC 4.1, chosen).

    `held_out` utterances of each person are kept from training here and in `train_gan`.
    """

    loop: LoopParams = Field(default_factory=lambda: LoopParams(28000, 256))
    rate: Positive = 0.1
    weight_decay: Weight = 5e-4
    milestones: list[Count] = Field(default_factory=lambda: [16000, 24000])
    held_out: Natural = 5
    channels: list[Count] = Field(default_factory=lambda: [256, 384, 576, 864])
    embedding_dim: Count = 64
    last_layer: Choice = "code"


@dataclass(frozen=True, config=STRICT)
class GanParams:
    """WEN's generator, discriminator and classifier (SPEC 4.1); `keep_steps` stay on disk.

    `generator_start`: PyTorch's "default" initialisation, as the code, or "kaiming" for short runs.
    `judge_shift_px`, `judge_tint`: where faces are few, the judges see them, real and generated,
    moved and with other colours (chosen; 0 as the papers).
    """

    loop: LoopParams = Field(default_factory=lambda: LoopParams(100000, 128))
    rate: Positive = 2e-4
    noise_std: Weight = 0.05
    judge_shift_px: Natural = 0
    judge_tint: Share = 0.0
    keep_steps: list[Count] = Field(default_factory=lambda: [50000])
    generator_channels: list[Count] = Field(default_factory=lambda: [1024, 512, 256, 128, 64])
    trunk_channels: list[Count] = Field(default_factory=lambda: [32, 64, 128, 256, 512])
    generator_start: Literal["default", "kaiming"] = "default"
    kernels: Choice = "code"
    last_layer: Choice = "code"


@dataclass(frozen=True, config=STRICT)
class VggFaceParams:
    """VGG-Face from scratch (SPEC 3.3), where no published weights are given; its recipe is chosen.

    `held_out` faces of each person are kept from training; `max_norm` bounds the gradient.
    """

    loop: LoopParams = Field(default_factory=lambda: LoopParams(200000, 64))
    rate: Positive = 0.01
    weight_decay: Weight = 5e-4
    milestones: list[Count] = Field(default_factory=lambda: [100000, 150000])
    max_norm: Positive = 5.0
    held_out: Natural = 1
    conv_widths: list[Count] = Field(default_factory=lambda: [64, 128, 256, 512, 512])
    hidden_dim: Count = 4096
    feature_dim: Count = 4096


@dataclass(frozen=True, config=STRICT)
class FaceDecoderParams:
    """Cole's decoder and its normalised faces (SPEC 3.4).

    Up to `max_people` are normalised; `num_blends` faces are made between one of them and one of
    the `num_neighbours` most alike. `eyes_px` is the distance of the eyes in the pictures.
    `targets`: a CSV with columns `clip_id` and `picture` (a path from the CSV's folder) names
    canonical faces to draw instead of normalising the stored ones. `standardise` begins with a
    first layer that sees features as of mean 0 and deviation 1. `identity_weight` is that of the
    negative cosine between the rendered picture's face feature and the wanted one (chosen), for
    `num_judged` pictures of a batch, null for all; 0 leaves it out.
    """

    loop: LoopParams = Field(default_factory=lambda: LoopParams(100000, 32))
    rate: Positive = 1e-4
    eyes_px: Positive = 55.0
    max_people: Count = 1000
    num_blends: Natural = 100000
    num_neighbours: Count = 200
    landmark_weight: Weight = 10.0
    code_dim: Count = 1000
    landmark_widths: list[Count] = Field(default_factory=lambda: [512, 256])
    texture_widths: list[Count] = Field(default_factory=lambda: [256, 128, 64, 32, 32])
    targets: Path | None = None
    standardise: bool = False
    identity_weight: Weight = 10.0
    num_judged: Count | None = None


@dataclass(frozen=True, config=STRICT)
class SpeakerStartParams:
    """`start: speaker` of an encoder of spectrograms (chosen): before it sees faces it learns what
    a pre-trained speaker encoder hears in the whole training recordings.

    It hears windows of `seconds`, their frequencies stretched by up to `warp` either way, `masks`
    stripes hidden in time and as many in frequency.
    """

    loop: LoopParams = Field(default_factory=lambda: LoopParams(20000, 32))
    rate: Positive = 1e-3
    decay: DecayParams = Field(default_factory=lambda: DecayParams(0.5, 5000))
    seconds: Positive = 3.0
    warp: Share = 0.05
    masks: Natural = 1


@dataclass(frozen=True, config=STRICT)
class Speech2FaceParams:
    """S2F's voice encoder (SPEC 4.2).

    Where `seconds` is less than what is stored, training reads random windows of it. `loss` is
    "features", or "pixels" for the ablation through the frozen decoder. `start`: for short runs,
    "mean" answers everything with the mean feature of the training faces, "regression" has filters
    that let spectra through and a last layer fitted by ridge regression, whose strength and gain
    are chosen on training people left out, and "speaker" such filters taught by a speaker encoder
    (`speaker`), then that ridge. `gains`: at the end answers are moved so many times as far from
    the mean face, as matches the validation people best.
    """

    loop: LoopParams = Field(default_factory=lambda: LoopParams(637500, 8))
    rate: Positive = 1e-3
    decay: DecayParams = Field(default_factory=lambda: DecayParams(0.95, 10000))
    epsilon: Positive = 1e-4
    accumulate: Count = 1
    seconds: Positive = 6.0
    width: Positive = 1.0
    batch_norm: bool = True
    start: Literal["random", "mean", "regression", "speaker"] = "random"
    speaker: SpeakerStartParams = Field(default_factory=SpeakerStartParams)
    gains: list[Positive] = Field(default_factory=lambda: [1.0])
    loss: Literal["features", "pixels"] = "features"
    angle_weight: Weight = 0.025
    distillation_weight: Weight = 200.0


def change_variant(
    params: Speech2FaceParams, variant: Speech2FaceVariant | None
) -> Speech2FaceParams:
    """The paper's ablations (Fig. 8 and 9); "other-length" is 6 s where 3 s are configured, and
    3 s for anything longer."""
    if variant == "no-batch-norm":
        return replace(params, batch_norm=False)
    if variant == "pixels":
        return replace(params, loss="pixels")
    if variant == "other-length":
        return replace(params, seconds=3.0 if params.seconds > 3.0 else 6.0)
    return params


@dataclass(frozen=True, config=STRICT)
class SpeakerFaceParams:
    """Ridge regression from a pre-trained speaker embedding: no network of the papers.

    `weights` is the file of the package Resemblyzer where that is not installed. The best of
    `strengths` (penalty per sample) and `gains` on training people left out is taken.
    """

    weights: Path | None = None
    strengths: list[Positive] = Field(default_factory=lambda: [0.1, 0.3, 1.0, 3.0, 10.0])
    gains: list[Positive] = Field(default_factory=lambda: [1.0, 2.0, 4.0, 8.0, 16.0])


@dataclass(frozen=True, config=STRICT)
class ArSpmDecoderParams:
    """AR-SPM's face decoder FD (SPEC 3.6, 4.3); its schedule is chosen.

    `standardise` begins with a first layer that sees features as of mean 0 and deviation 1, and
    with a coarse picture regressed from it: for short runs on features that hardly differ. These
    need an `alpha` far below the paper's too: MS-SSIM is a product of six values near 0 at first,
    and so are its gradients. `identity_weight` is that of L_CS, which sees
    `num_judged` pictures of a batch, null for all.
    """

    loop: LoopParams = Field(default_factory=lambda: LoopParams(187500, 16))
    rate: Positive = 1e-3
    decay: DecayParams = Field(default_factory=lambda: DecayParams(0.9, 18750))
    epsilon: Positive = 1e-4
    alpha: Share = 0.84
    identity_weight: Weight = 1.0
    num_judged: Count | None = None
    width: Positive = 1.0
    code_dim: Count = 1000
    variant: Literal["repaired", "code"] = "repaired"
    standardise: bool = False


@dataclass(frozen=True, config=STRICT)
class GenderClassifierParams:
    """AR-SPM's classifier of speech (SPEC 3.5); its recipe is chosen."""

    loop: LoopParams = Field(default_factory=lambda: LoopParams(20000, 64))
    rate: Positive = 1e-3
    width: Positive = 1.0


@dataclass(frozen=True, config=STRICT)
class PriorParams:
    """AR-SPM's mean faces: of `num_faces`, half of each gender (SPEC 3.5)."""

    num_faces: Count = 10000
    num_repeats: Count = 10
    seed: Natural = 0


@dataclass(frozen=True, config=STRICT)
class ArSpmParams:
    """AR-SPM's speech encoder SE (SPEC 3.5, 4.3).

    `start_at_mean` is `start: mean` of `train_speech2face`; `start`, `speaker` and `gains` are as
    there.
    """

    loop: LoopParams = Field(default_factory=lambda: LoopParams(468750, 16))
    variant: Variant = "neutral+fc"
    rate: Positive = 1e-3
    decay: DecayParams = Field(default_factory=lambda: DecayParams(0.9, 18750))
    epsilon: Positive = 1e-4
    width: Positive = 1.0
    fc1: Literal["point", "rows"] = "point"
    cbam: Literal["cbam", "ar_spm"] = "cbam"
    start_at_mean: bool = False
    start: Literal["random", "speaker"] = "random"
    speaker: SpeakerStartParams = Field(default_factory=SpeakerStartParams)
    gains: list[Positive] = Field(default_factory=lambda: [1.0])
    angle_weight: Weight = 1.0
    code_weight: Weight = 0.04
    class_weight: Weight = 1.2
    code_reduction: Literal["mean", "sum"] = "mean"
