"""train_speech2face: the voice encoder of Speech2Face (SPEC 4.2)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from prefect import task
from torch import Tensor, nn

from models.face_decoder import FaceDecoder
from models.image_losses import compute_pixel_loss
from models.layers import NUM_FREQUENCIES
from models.losses import compute_speech2face_terms
from models.speech2face import MIN_FRAMES, VoiceEncoder, compute_num_rows
from tasks.data.datasets import build_pairs_dataset
from tasks.data.readers import ShardIndex, read_feature_width, read_index
from tasks.data.streams import Batch
from tasks.params import FeatureParams, RunParams, Speech2FaceParams, flatten
from tasks.training.checkpoint import Trained
from tasks.training.encoders import (
    check_decoder,
    compute_mean_feature,
    count_frames,
    draw_split,
    evaluate,
    open_windows,
    pick_drawn_split,
    score_splits,
    start_at,
    view_features,
)
from tasks.training.face_network import FaceNetwork, describe_missing, open_face_network
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
from tasks.training.starts import pass_rows, pass_spectra, regress_last
from tasks.training.supervised import Recipe, StepLosses, train_supervised
from tasks.training.weights import load_weights

STARTS = {
    "random": (),
    "mean": ("Training begins with the mean feature of the training faces (chosen).",),
    "regression": (
        "Training begins with filters that let spectra through and a ridge regression (chosen): "
        "the metrics that begin with start_ are of this, before any step.",
    ),
    "speaker": (NOTE,),
}


@dataclass(frozen=True)
class Frozen:
    """The networks inside the loss."""

    decoder: FaceDecoder
    judge: FaceNetwork | None


@task(task_run_name="train_speech2face")
def fit_speech2face(
    shards: Path,
    decoder: Path,
    out: Path,
    code: str,
    params: Speech2FaceParams,
    encoder: FeatureParams,
    run: RunParams,
) -> dict[str, float]:
    """Trains on SHARDS/pairs/train with the frozen face DECODER, writes the encoder to `out`."""
    index = read_index(shards / "pairs/train", columns=("spectrogram", "face_feature"))
    dimension = read_feature_width(index)
    check_decoder(decoder, dimension=dimension)
    origin = describe_origin(
        flatten(params),
        code=code,
        indices={"pairs/train": index},
        upstream={"face_decoder": decoder},
    )
    job = open_job(out, origin, run=run, seed=params.loop.seed)
    config: dict[str, Any] = {
        "feature_dim": dimension,
        "width": params.width,
        "batch_norm": params.batch_norm,
    }
    network = VoiceEncoder(**config)
    place_network(network, job.precision)
    frozen = open_frozen(decoder, encoder, precision=job.precision, index=index)
    constant = compute_mean_feature(index.folder)
    score = partial(
        score_splits, evaluate(network), shards, constant=constant, precision=job.precision
    )
    metrics = _start(network, index.folder, constant=constant, job=job, params=params)
    if params.start in ("regression", "speaker"):
        metrics |= add_prefix(score(), "start")
    _train(network, shards, frozen=frozen, constant=constant, job=job, params=params)
    notes = STARTS[params.start] + describe_missing(encoder, terms="distillation")
    if len(params.gains) > 1:
        metrics["gain"] = choose_gain(
            evaluate(network),
            shards / "pairs/val",
            constant=constant,
            gains=params.gains,
            precision=job.precision,
        )
        stretch_answers(network.fc2, metrics["gain"], constant=constant)
        notes += (GAIN_NOTE,)
    metrics |= score()
    publish(job, {"": (network, config)}, metrics=metrics, notes=notes)
    return metrics


def _start(
    network: VoiceEncoder, folder: Path, *, constant: Tensor, job: Job, params: Speech2FaceParams
) -> dict[str, float]:
    if params.start == "mean":
        start_at(network.fc2, constant)
    elif params.start == "regression":
        pass_spectra(network)
        pass_rows(network.fc1, num_rows=compute_num_rows(NUM_FREQUENCIES))
        num_frames = count_frames(params.seconds)
        regress_last(network, network.fc2, folder, num_frames=num_frames, precision=job.precision)
    elif params.start == "speaker":
        pass_spectra(network)
        return start_from_speakers(network, folder.parents[1], job=job, params=params)
    return {}


def start_from_speakers(
    network: VoiceEncoder, shards: Path, *, job: Job, params: Speech2FaceParams
) -> dict[str, float]:
    metrics = learn_speakers(network, shards, job=job, params=params.speaker)
    listen = network.eval().listen
    line, choice = regress_faces(listen, shards, precision=job.precision)
    set_last(network.fc2, line)
    return metrics | choice


def open_frozen(
    folder: Path, encoder: FeatureParams, *, precision: Precision, index: ShardIndex
) -> Frozen:
    decoder = load_weights(folder, expected=FaceDecoder)
    assert isinstance(decoder, FaceDecoder)
    judge = open_face_network(encoder, device=precision.device, index=index)
    return Frozen(decoder.to(precision.device), judge)


def _train(
    network: nn.Module,
    shards: Path,
    *,
    frozen: Frozen,
    constant: Tensor,
    job: Job,
    params: Speech2FaceParams,
) -> None:
    loop, precision = params.loop, job.precision
    adam = build_adam(network.parameters(), rate=params.rate, epsilon=params.epsilon)
    recipe = Recipe(
        decay_every(params.decay.factor, steps=params.decay.steps),
        accumulate=params.accumulate,
        gradients_every=loop.gradients_every,
    )
    predict = evaluate(network)
    hooks = Hooks(
        validate=partial(
            score_splits, predict, shards, constant=constant, precision=precision, splits=("val",)
        ),
        draw=partial(
            draw_split,
            predict,
            lambda features: frozen.decoder(features).picture,
            pick_drawn_split(shards),
            precision=precision,
        ),
    )
    train_supervised(
        network,
        adam,
        run=open_run(job, Trained({"encoder": network}, {"adam": adam}), loop=loop, hooks=hooks),
        compute_losses=partial(compute_losses, frozen=frozen, precision=precision, params=params),
        open_batches=_build_opener(shards, job=job, params=params),
        precision=precision,
        recipe=recipe,
    )


def _build_opener(
    shards: Path, *, job: Job, params: Speech2FaceParams
) -> Callable[[int], Iterator[Batch]]:
    """ValueError for windows that are too short for the network."""
    num_frames = count_frames(params.seconds)
    if num_frames < MIN_FRAMES:
        raise ValueError(
            f"train_speech2face.seconds: {params.seconds:g} gives {num_frames} frames, "
            f"the encoder needs {MIN_FRAMES}"
        )
    stream = open_stream(job, params.loop)
    dataset = build_pairs_dataset(shards / "pairs/train", stream)
    return lambda start: open_windows(
        dataset, num_frames=num_frames, start=start, num_workers=job.loader_workers
    )


def compute_losses(
    network: nn.Module,
    batch: Batch,
    *,
    frozen: Frozen,
    precision: Precision,
    params: Speech2FaceParams,
) -> StepLosses:
    with precision.autocast():
        predicted = network(batch["spectrogram"].float())  # [B, D]
    predicted = predicted.float()  # the frozen networks below run outside autocast
    target = batch["face_feature"]
    if params.loss == "pixels":
        pictures = [frozen.decoder(features).picture for features in (predicted, target)]
        return StepLosses({"pixels": compute_pixel_loss(*pictures)}, output=predicted)
    views = [
        view_features(value, compute_code=frozen.decoder.compute_code, judge=frozen.judge)
        for value in (target, predicted)
    ]
    terms = compute_speech2face_terms(
        *views,
        angle_weight=params.angle_weight,
        distillation_weight=params.distillation_weight,
    )
    return StepLosses(terms, output=predicted)
