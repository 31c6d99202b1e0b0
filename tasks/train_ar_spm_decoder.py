"""train_ar_spm_decoder: AR-SPM's face decoder, from a face feature to the face (SPEC 3.6, 4.3)."""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from prefect import task
from torch import Tensor, nn

from models.ar_spm_decoder import FaceDecoder
from models.image_losses import compute_mix_loss
from models.losses import compute_cosine_loss
from tasks.data.datasets import build_pairs_dataset
from tasks.data.readers import (
    decode_faces,
    name_person,
    read_batches,
    read_feature_width,
    read_index,
)
from tasks.data.streams import Batch, open_batches
from tasks.params import ArSpmDecoderParams, FeatureParams, RunParams, flatten
from tasks.training.checkpoint import Trained
from tasks.training.decoder_start import NOTE as START_NOTE
from tasks.training.decoder_start import start_at_picture
from tasks.training.encoders import pick_drawn_split
from tasks.training.face_judge import Judge, describe_identity, open_judge
from tasks.training.loop import Hooks
from tasks.training.optimisers import build_adam, decay_every
from tasks.training.precision import Precision, place_network
from tasks.training.scores import add_prefix, compute_picture_scores
from tasks.training.stages import (
    Job,
    describe_origin,
    open_job,
    open_run,
    open_stream,
    publish,
)
from tasks.training.starts import standardise_input
from tasks.training.supervised import Recipe, StepLosses, train_supervised

NUM_DRAWN = 8
MAX_SCORED = 500  # pictures of a split
BLOCK = 16


@task(task_run_name="train_ar_spm_decoder")
def fit_ar_spm_decoder(
    shards: Path,
    out: Path,
    code: str,
    params: ArSpmDecoderParams,
    encoder: FeatureParams,
    run: RunParams,
) -> dict[str, float]:
    """Trains on features and faces of SHARDS/pairs/train, writes the decoder to `out`."""
    index = read_index(shards / "pairs/train", columns=("face", "face_feature", "landmarks"))
    origin = describe_origin(flatten(params), code=code, indices={"pairs/train": index})
    job = open_job(out, origin, run=run, seed=params.loop.seed)
    config: dict[str, Any] = {
        "feature_dim": read_feature_width(index),
        "code_dim": params.code_dim,
        "width": params.width,
        "variant": params.variant,
    }
    network = FaceDecoder(**config)
    judge = open_judge(
        encoder, device=job.precision.device, index=index, weight=params.identity_weight
    )
    constant = compute_mean_face(index.folder)
    if params.standardise:
        features, faces, _ = _read_faces(index.folder)
        standardise_input(network.fc1, features)
        start_at_picture(network, features, faces=faces)
    _train(network, shards, constant=constant, job=job, params=params, judge=judge)
    metrics = score_splits(network, shards, constant=constant)
    notes = describe_identity(encoder, weight=params.identity_weight, num_judged=params.num_judged)
    notes += (START_NOTE,) * params.standardise
    publish(job, {"": (network, config)}, metrics=metrics, notes=notes)
    return metrics


def compute_mean_face(folder: Path) -> Tensor:
    """[3, 224, 224] in [0, 1] of a split's first faces: what a constant decoder would draw."""
    return _read_faces(folder)[1].mean(dim=0)


def _train(
    network: FaceDecoder,
    shards: Path,
    *,
    constant: Tensor,
    job: Job,
    params: ArSpmDecoderParams,
    judge: Judge | None,
) -> None:
    place_network(network, job.precision)
    loop = params.loop
    adam = build_adam(network.parameters(), rate=params.rate, epsilon=params.epsilon)
    hooks = Hooks(
        validate=partial(score_splits, network, shards, constant=constant, splits=("val",)),
        draw=partial(draw_faces, network, pick_drawn_split(shards)),
    )
    dataset = build_pairs_dataset(
        shards / "pairs/train",
        open_stream(job, loop),
        columns=("face", "face_feature", "landmarks"),
    )
    train_supervised(
        network,
        adam,
        run=open_run(job, Trained({"decoder": network}, {"adam": adam}), loop=loop, hooks=hooks),
        compute_losses=partial(compute_losses, precision=job.precision, params=params, judge=judge),
        open_batches=lambda n: open_batches(dataset, start=n, num_workers=job.loader_workers),
        precision=job.precision,
        recipe=Recipe(
            decay_every(params.decay.factor, steps=params.decay.steps),
            gradients_every=loop.gradients_every,
        ),
    )


def compute_losses(
    network: nn.Module,
    batch: Batch,
    *,
    precision: Precision,
    params: ArSpmDecoderParams,
    judge: Judge | None,
) -> StepLosses:
    """`face_feature` is what the judge's encoder gave the real picture."""
    real = batch["face"].permute(0, 3, 1, 2).float() / 255  # [B, 3, 224, 224]
    with precision.autocast():
        made = network(batch["face_feature"])
    terms = {"image": compute_mix_loss(made.float(), real, alpha=params.alpha)}
    if judge is not None:
        judged = slice(params.num_judged)
        landmarks = batch["landmarks"][judged].unflatten(1, (-1, 2))  # [B, 68, 2]
        with precision.autocast():
            found = judge.embed(made[judged], landmarks)
        wanted = batch["face_feature"][judged]
        terms["identity"] = params.identity_weight * compute_cosine_loss(wanted, found)
    return StepLosses(terms, output=made)


@torch.no_grad()
def score_splits(
    network: FaceDecoder,
    shards: Path,
    *,
    constant: Tensor,
    splits: tuple[str, ...] = ("val", "test"),
) -> dict[str, float]:
    """Faces of unseen people from their features, beside the mean training face."""
    scores: dict[str, float] = {}
    for split in splits:
        folder = shards / "pairs" / split
        if folder.is_dir():
            features, faces, people = _read_faces(folder)
            made = _decode(network, features)
            found = compute_picture_scores(made, faces, people=people, constant=constant)
            scores |= add_prefix(found, split)
    return scores


def _read_faces(folder: Path) -> tuple[Tensor, Tensor, list[str]]:
    """Features [N, D], faces [N, 3, 224, 224] in [0, 1] and people of a split's first rows."""
    columns = ["face", "face_feature", "identity", "video_id"]
    features, faces, people = [], [], list[str]()
    for batch in read_batches(folder, columns=columns, batch_size=BLOCK):
        pictures = torch.tensor(decode_faces(list(batch["face"])))
        faces.append(pictures.permute(0, 3, 1, 2).float() / 255)
        features.append(torch.tensor(batch["face_feature"]))
        people += [name_person(batch, row) for row in range(len(pictures))]
        if len(people) >= MAX_SCORED:
            break
    return torch.cat(features), torch.cat(faces), people


def _decode(network: FaceDecoder, features: Tensor) -> Tensor:
    """Pictures [N, 3, 224, 224] in [0, 1], on the CPU."""
    device = next(network.parameters()).device
    parts = [network.eval()(part.to(device)) for part in torch.split(features, BLOCK)]
    return torch.cat(parts).float().cpu().clamp(0, 1)


@torch.no_grad()
def draw_faces(network: FaceDecoder, folder: Path) -> Tensor:
    """Faces over what the decoder makes of their features, [2 N, 3, 224, 224]."""
    features, faces, _ = _read_faces(folder)
    chosen = torch.arange(len(faces))[:: max(1, len(faces) // NUM_DRAWN)][:NUM_DRAWN]
    return torch.cat((faces[chosen], _decode(network, features[chosen])))
