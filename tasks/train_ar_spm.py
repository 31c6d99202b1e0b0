"""train_ar_spm: the speech encoder of AR-SPM with its prior (SPEC 3.5, 4.3)."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from prefect import task
from torch import Tensor, nn

from models.ar_spm import SpeechEncoder
from models.ar_spm_decoder import FaceDecoder
from models.ar_spm_priors import PriorVariant, get_variant
from models.losses import compute_ar_spm_terms
from tasks.data.datasets import build_pairs_dataset
from tasks.data.readers import ShardIndex, read_column, read_feature_width, read_index
from tasks.data.streams import Batch, open_batches
from tasks.params import ArSpmParams, FeatureParams, RunParams, flatten
from tasks.training.checkpoint import Trained
from tasks.training.encoders import (
    check_decoder,
    compute_mean_feature,
    draw_split,
    pick_drawn_split,
    score_splits,
    start_at,
    view_features,
)
from tasks.training.face_network import FaceNetwork, describe_missing, open_face_network
from tasks.training.genders import FEMALE, MALE
from tasks.training.last_layer import (
    GAIN_NOTE,
    choose_gain,
    regress_faces,
    set_last,
    stretch_answers,
)
from tasks.training.loop import Hooks
from tasks.training.optimisers import build_adam, decay_every
from tasks.training.precision import Precision, place_network
from tasks.training.priors import PriorSource, load_priors
from tasks.training.scores import add_prefix
from tasks.training.speaker_start import NOTE, learn_speakers
from tasks.training.stages import (
    Job,
    describe_origin,
    open_job,
    open_run,
    open_stream,
    publish,
)
from tasks.training.starts import pass_bands
from tasks.training.supervised import Recipe, StepLosses, train_supervised
from tasks.training.weights import load_weights

CODE_NOTE = "The code term is the {reduction} over its dimensions (SPEC 4.3)."


@dataclass(frozen=True)
class Frozen:
    """What is not trained: the prior, and the networks inside the loss."""

    prior: PriorSource
    decoder: FaceDecoder
    judge: FaceNetwork | None


@task(task_run_name="train_ar_spm")
def fit_ar_spm(
    shards: Path,
    decoder: Path,
    priors: Path,
    gender: Path,
    out: Path,
    code: str,
    params: ArSpmParams,
    encoder: FeatureParams,
    run: RunParams,
) -> dict[str, float]:
    """Trains `params.variant` on SHARDS/pairs/train, writes the encoder to `out`."""
    index = read_index(shards / "pairs/train", columns=("spectrogram", "face_feature", "gender"))
    dimension = read_feature_width(index)
    check_decoder(decoder, dimension=dimension)
    upstream = {"ar_spm_decoder": decoder, "priors": priors, "gender_classifier": gender}
    origin = describe_origin(
        flatten(params), code=code, indices={"pairs/train": index}, upstream=upstream
    )
    job = open_job(out, origin, run=run, seed=params.loop.seed)
    variant = get_variant(params.variant)
    config: dict[str, Any] = {
        "feature_dim": dimension,
        "width": params.width,
        "fusion": variant.fusion,
        "fc1": params.fc1,
        "cbam": params.cbam,
    }
    network = SpeechEncoder(**config)
    place_network(network, job.precision)
    device = job.precision.device
    frozen = Frozen(
        load_priors(priors, gender, variant=variant, device=device, dimension=dimension),
        _load_decoder(decoder).to(device),
        open_face_network(encoder, device=device, index=index),
    )
    constant = compute_mean_feature(index.folder)
    score = partial(
        score_splits,
        frozen.prior.bind(network),
        shards,
        constant=constant,
        precision=job.precision,
    )
    code_note = CODE_NOTE.format(reduction=params.code_reduction)
    notes = (code_note, *describe_missing(encoder, terms="class"))
    metrics: dict[str, float] = {}
    if params.start_at_mean:
        start_at_mean(network, constant, frozen.prior)
    if params.start == "speaker":
        metrics = start_from_speakers(network, shards, frozen.prior, job=job, params=params)
        metrics |= add_prefix(score(), "start")
        notes += (NOTE,)
    _train(network, index, frozen=frozen, constant=constant, job=job, params=params)
    if len(params.gains) > 1:
        metrics["gain"] = choose_gain(
            frozen.prior.bind(network),
            shards / "pairs/val",
            constant=constant,
            gains=params.gains,
            precision=job.precision,
        )
        after = find_offsets(frozen.prior)["after"]
        stretch_answers(network.fc2, metrics["gain"], constant=constant, after=after)
        notes += (GAIN_NOTE,)
    metrics |= score()
    publish(job, {"": (network, config)}, metrics=metrics, notes=notes)
    return metrics


def _load_decoder(folder: Path) -> FaceDecoder:
    decoder = load_weights(folder, expected=FaceDecoder)
    assert isinstance(decoder, FaceDecoder)
    return decoder


def start_at_mean(network: SpeechEncoder, constant: Tensor, source: PriorSource) -> None:
    """The prior is part of the answer: "sum" adds it, "+fc" puts it through the last layer."""
    neutral, fusion = source.priors.neutral, source.variant.fusion
    answer = constant.to(neutral) - neutral if fusion == "sum" else constant
    start_at(network.fc2, answer, prior=neutral if fusion == "fc" else None)


def find_offsets(source: PriorSource) -> dict[str, Tensor | None]:
    """Where the prior (of both genders, where it follows the voice) is added to the last layer."""
    neutral, fusion = source.priors.neutral, source.variant.fusion
    return {
        "before": neutral if fusion == "fc" else None,
        "after": neutral if fusion == "sum" else None,
    }


def start_from_speakers(
    network: SpeechEncoder, shards: Path, source: PriorSource, *, job: Job, params: ArSpmParams
) -> dict[str, float]:
    pass_bands(network.features)
    metrics = learn_speakers(network, shards, job=job, params=params.speaker)
    listen = network.eval().listen
    line, choice = regress_faces(listen, shards, precision=job.precision)
    set_last(network.fc2, line, **find_offsets(source))
    return metrics | choice


def select_voices(index: ShardIndex, variant: PriorVariant) -> npt.NDArray[np.bool_] | None:
    """Model_male and Model_female are trained on one gender; ValueError where it is unknown."""
    if variant.training_voices == "all":
        return None
    wanted = {"male": MALE, "female": FEMALE}[variant.training_voices]
    selected: npt.NDArray[np.bool_] = read_column(index, "gender") == wanted
    if not selected.any():
        raise ValueError(f"{index.folder}: no voice of gender {wanted} to train on")
    return selected


def _train(
    network: nn.Module,
    index: ShardIndex,
    *,
    frozen: Frozen,
    constant: Tensor,
    job: Job,
    params: ArSpmParams,
) -> None:
    loop, precision = params.loop, job.precision
    shards = index.folder.parents[1]
    adam = build_adam(network.parameters(), rate=params.rate, epsilon=params.epsilon)
    dataset = build_pairs_dataset(
        index.folder,
        open_stream(job, loop),
        wanted=select_voices(index, frozen.prior.variant),
    )
    predict = frozen.prior.bind(network)
    hooks = Hooks(
        validate=partial(
            score_splits, predict, shards, constant=constant, precision=precision, splits=("val",)
        ),
        draw=partial(
            draw_split, predict, frozen.decoder, pick_drawn_split(shards), precision=precision
        ),
    )
    train_supervised(
        network,
        adam,
        run=open_run(job, Trained({"encoder": network}, {"adam": adam}), loop=loop, hooks=hooks),
        compute_losses=partial(compute_losses, frozen=frozen, precision=precision, params=params),
        open_batches=lambda n: open_batches(dataset, start=n, num_workers=job.loader_workers),
        precision=precision,
        recipe=Recipe(
            decay_every(params.decay.factor, steps=params.decay.steps),
            gradients_every=loop.gradients_every,
        ),
    )


def compute_losses(
    network: nn.Module,
    batch: Batch,
    *,
    frozen: Frozen,
    precision: Precision,
    params: ArSpmParams,
) -> StepLosses:
    with precision.autocast():
        predicted = frozen.prior.add(network, batch["spectrogram"].float())  # [B, D]
    predicted = predicted.float()  # the frozen networks below run outside autocast
    views = [
        view_features(value, compute_code=frozen.decoder.compute_code, judge=frozen.judge)
        for value in (batch["face_feature"], predicted)
    ]
    terms = compute_ar_spm_terms(
        *views,
        angle_weight=params.angle_weight,
        code_weight=params.code_weight,
        class_weight=params.class_weight,
        code_reduction=params.code_reduction,
    )
    return StepLosses(terms, output=predicted)
