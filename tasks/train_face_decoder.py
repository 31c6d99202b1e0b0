"""train_face_decoder: Cole's decoder, from a face feature to a normalised face (SPEC 3.4)."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from prefect import task
from torch import Tensor, nn

from models.face_decoder import FaceDecoder
from models.image_losses import compute_decoder_terms
from models.spline_warp import warp_pictures
from tasks.data.decoder_data import (
    DecoderRows,
    Targets,
    has_target,
    join_rows,
    look_up,
    make_blends,
    open_decoder_batches,
    read_normalised,
)
from tasks.data.readers import read_feature_width, read_index
from tasks.data.streams import Batch
from tasks.face.canonical_faces import read_canonical_faces
from tasks.face.encoders import load_encoder
from tasks.face.normalise import NormalisedFaces
from tasks.params import FaceDecoderParams, FeatureParams, RunParams, flatten
from tasks.training.checkpoint import Trained
from tasks.training.face_judge import Judge, describe_identity, open_judge
from tasks.training.loop import Hooks
from tasks.training.optimisers import build_adam
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
NOTES = (
    "Targets are made from the stored crops, which have no margin: no other backgrounds are pasted "
    "in, and no outside service chose frontal, neutral photos.",
    "Features of the stored pictures are trained on beside those of the blends (chosen).",
)
TARGET_NOTE = "Targets are the pictures that train_face_decoder.targets names, as they are."


class Drawer(nn.Module):
    """The decoder without its warp, which is most of a step's work, but for the pictures of the
    batch's first rows that a judge sees."""

    def __init__(self, decoder: FaceDecoder, judged: slice) -> None:
        super().__init__()
        self.decoder, self.judged = decoder, judged

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        landmarks, texture = self.decoder.draw(features)
        shapes = landmarks[self.judged]
        picture = self.decoder.render(shapes, texture[self.judged]) if len(shapes) else None
        return landmarks, texture, picture


@task(task_run_name="train_face_decoder")
def fit_face_decoder(
    shards: Path,
    out: Path,
    code: str,
    params: FaceDecoderParams,
    encoder: FeatureParams,
    run: RunParams,
) -> dict[str, float]:
    """Trains on SHARDS/pairs/train, writes the decoder to `out`."""
    index = read_index(shards / "pairs/train")
    targets = None if params.targets is None else read_canonical_faces(params.targets)
    origin = describe_origin(
        flatten(params) | {"pictures": hash_targets(targets)},
        code=code,
        indices={"pairs/train": index},
    )
    job = open_job(out, origin, run=run, seed=params.loop.seed)
    faces, rows = read_targets(index.folder, params=params, encoder=encoder, targets=targets)
    config = build_config(faces, params, dimension=read_feature_width(index))
    network = FaceDecoder(**config)
    if params.standardise:
        standardise_input(network.fc1, rows.features)
    judge = open_judge(
        encoder, device=job.precision.device, index=index, weight=params.identity_weight
    )
    tested = read_splits(
        shards, eyes_px=params.eyes_px, mean_landmarks=faces.mean_landmarks, targets=targets
    )
    _train(network, (faces, rows), tested=tested, job=job, params=params, judge=judge)
    metrics = score_splits(network, tested, known=faces)
    notes = (NOTES if targets is None else (TARGET_NOTE,)) + describe_identity(
        encoder, weight=params.identity_weight, num_judged=params.num_judged
    )
    publish(job, {"": (network, config)}, metrics=metrics, notes=notes)
    return metrics


def hash_targets(targets: Targets | None) -> str | None:
    if targets is None:
        return None
    digest = hashlib.sha256()
    for clip_id, (picture, _) in targets.items():
        digest.update(clip_id.encode() + picture.numpy().tobytes())
    return digest.hexdigest()


def read_targets(
    folder: Path, *, params: FaceDecoderParams, encoder: FeatureParams, targets: Targets | None
) -> tuple[NormalisedFaces, DecoderRows]:
    """The training people's faces, with a row for each picture and each blend.

    ValueError for fewer than two people.
    """
    faces, rows = read_normalised(
        folder, eyes_px=params.eyes_px, max_people=params.max_people, targets=targets
    )
    if len(faces.people) < 2:
        raise ValueError(f"{folder}: faces of a single person: nothing to tell apart")
    if not params.num_blends:
        return faces, rows
    loaded = load_encoder(
        encoder.encoder,
        weights=encoder.weights,
        sha256=encoder.sha256,
        device=encoder.device,
        input_scale=encoder.input_scale,
    )
    blends = make_blends(
        faces,
        count=params.num_blends,
        num_neighbours=params.num_neighbours,
        landmark_weight=params.landmark_weight,
        seed=params.loop.seed,
        encode=loaded.encode,
    )
    return faces, join_rows(rows, blends)


def build_config(
    faces: NormalisedFaces, params: FaceDecoderParams, *, dimension: int
) -> dict[str, Any]:
    return {
        "mean_landmarks": faces.mean_landmarks.tolist(),
        "feature_dim": dimension,
        "code_dim": params.code_dim,
        "landmark_widths": params.landmark_widths,
        "texture_widths": params.texture_widths,
    }


def read_splits(
    shards: Path, *, eyes_px: float, mean_landmarks: Tensor, targets: Targets | None
) -> dict[str, tuple[NormalisedFaces, DecoderRows]]:
    """Unseen people's faces, by split; without the splits that have none."""
    folders = {split: shards / "pairs" / split for split in ("val", "test")}
    return {
        split: read_normalised(
            folder, eyes_px=eyes_px, mean_landmarks=mean_landmarks, targets=targets
        )
        for split, folder in folders.items()
        if folder.is_dir() and (targets is None or has_target(folder, targets))
    }


def _train(
    network: FaceDecoder,
    data: tuple[NormalisedFaces, DecoderRows],
    *,
    tested: Mapping[str, tuple[NormalisedFaces, DecoderRows]],
    job: Job,
    params: FaceDecoderParams,
    judge: Judge | None,
) -> None:
    place_network(network, job.precision)
    loop, stream = params.loop, open_stream(job, params.loop)
    adam = build_adam(network.parameters(), rate=params.rate, betas=(0.9, 0.999))
    hooks = Hooks(
        validate=partial(score_splits, network, tested, known=data[0], splits=("val",)),
        draw=partial(draw_faces, network, *tested.get("val", data)),
    )

    def open_batches(start: int) -> Iterator[Batch]:
        return open_decoder_batches(*data, share=stream.share, seed=stream.seed, start=start)

    train_supervised(
        Drawer(network, slice(0 if judge is None else params.num_judged)),
        adam,
        run=open_run(job, Trained({"decoder": network}, {"adam": adam}), loop=loop, hooks=hooks),
        compute_losses=partial(
            compute_losses, precision=job.precision, judge=judge, weight=params.identity_weight
        ),
        open_batches=open_batches,
        precision=job.precision,
        recipe=Recipe(gradients_every=loop.gradients_every),
    )


def compute_losses(
    network: nn.Module, batch: Batch, *, precision: Precision, judge: Judge | None, weight: float
) -> StepLosses:
    """`network` is a Drawer; `weight` the identity term's.

    A picture is judged where its landmarks lie, and does not move them to be judged better.
    """
    feature = batch["face_feature"]
    with precision.autocast():
        landmarks, texture, picture = network(feature)
        rendered = None
        if judge is not None and picture is not None:
            rendered = judge.embed(picture, landmarks[: len(picture)].detach())
    terms = compute_decoder_terms(
        landmarks=landmarks,
        target_landmarks=batch["landmarks"],
        texture=texture,
        target_texture=batch["texture"],
        rendered_feature=rendered,
        feature=feature,
        identity_weight=weight,
    )
    return StepLosses(terms)


@torch.no_grad()
def score_splits(
    network: FaceDecoder,
    tested: Mapping[str, tuple[NormalisedFaces, DecoderRows]],
    *,
    known: NormalisedFaces,
    splits: Sequence[str] = ("val", "test"),
) -> dict[str, float]:
    """Textures and landmarks of unseen people, beside the mean face of the training people."""
    device = network.mean_landmarks.device
    mean_texture = (known.textures.float() / 255).mean(dim=0)
    scores: dict[str, float] = {}
    for split in splits:
        if split not in tested:
            continue
        faces, rows = tested[split]
        drawn = [network.eval().draw(part.to(device)) for part in torch.split(rows.features, 16)]
        landmarks, textures = (torch.cat(parts).float().cpu() for parts in zip(*drawn, strict=True))
        shapes, targets = look_up(faces, rows, torch.arange(len(rows.features)))
        people = [faces.people[place] for place in rows.first.tolist()]
        found = compute_picture_scores(textures, targets, people=people, constant=mean_texture)
        found["landmarks_px"] = measure_shapes(landmarks, shapes)
        found["landmarks_px_constant"] = measure_shapes(known.mean_landmarks, shapes)
        scores |= add_prefix(found, split)
    return scores


def measure_shapes(landmarks: Tensor, target: Tensor) -> float:
    """Mean distance of points [N, 68, 2]."""
    return float((landmarks - target).norm(dim=2).mean())


@torch.no_grad()
def draw_faces(network: FaceDecoder, faces: NormalisedFaces, rows: DecoderRows) -> Tensor:
    """Normalised faces over what the decoder makes of their pictures' features."""
    step = max(1, len(rows.features) // NUM_DRAWN)
    chosen = torch.arange(len(rows.features))[::step][:NUM_DRAWN]
    shapes, textures = look_up(faces, rows, chosen)
    device = network.mean_landmarks.device
    made = network.eval()(rows.features[chosen].to(device)).picture.float().cpu()
    real = warp_pictures(textures, source_points=faces.mean_landmarks, target_points=shapes)
    return torch.cat((real, made))
