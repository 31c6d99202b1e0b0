"""train_dimnet: voices and faces into one space by what is known of their people (SPEC 6.2)."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from prefect import task
from torch import Tensor, nn

from models.dimnet import VARIANTS, Covariate, DimNet
from models.losses import compute_covariate_losses
from tasks.data.augment import scale_faces
from tasks.data.datasets import build_faces_dataset, build_voices_dataset
from tasks.data.readers import read_index
from tasks.data.streams import Batch, open_batches
from tasks.params import DimnetParams, RunParams, flatten
from tasks.training.checkpoint import Trained
from tasks.training.covariates import Covariates, read_covariates
from tasks.training.loop import Hooks
from tasks.training.matching_scores import score_matching
from tasks.training.optimisers import build_sgd, decay_at
from tasks.training.precision import Precision, place_network
from tasks.training.stages import Job, describe_origin, open_job, open_run, open_stream, publish
from tasks.training.stream_start import NOTE, SHARED, Streams, learn_from_teachers
from tasks.training.supervised import Recipe, StepLosses, train_supervised
from tasks.training.vary import vary_faces

NOTES = (
    "Recalled (SPEC 6.2): optimiser, rate and its steps, weight decay, batch, crops of 3 to 8 s.",
    "Chosen: the face network's stages and residual blocks, its global pool, covariates weigh 1 "
    "each, classifiers without bias.",
    "Faces are the 64-pixel crops of Wen et al., not 128-pixel ones: all systems see one data set.",
)
STAND_IN = "The covariate nationality is the corpus's column {column}."
STRANDS = ("voices", "faces")


@task(task_run_name="train_dimnet")
def fit_dimnet(
    shards: Path, out: Path, code: str, variant: str, params: DimnetParams, run: RunParams
) -> dict[str, float]:
    """Trains DIMNet-`variant` on voices and faces of SHARDS, writes it to `out`."""
    folders = [shards / name / "train" for name in STRANDS]
    known = read_known(*folders, variant=variant, params=params)
    indices = {f"{folder.parent.name}/train": read_index(folder) for folder in folders}
    origin = describe_origin(flatten(params) | {"variant": variant}, code=code, indices=indices)
    job = open_job(out, origin, run=run, seed=params.loop.seed)
    config: dict[str, Any] = {
        "num_classes": known.num_classes,
        "face_widths": params.face_widths,
        "voice_channels": params.voice_channels,
        "embedding_dim": params.embedding_dim,
    }
    network = DimNet(**config)
    notes = (*NOTES, *_describe_stand_in(known, params))
    if params.start == "teachers":
        shared = "identity" in VARIANTS[variant] or params.teachers.shared
        start_from_teachers(network, shards, shared=shared, job=job, params=params)
        notes += (NOTE, SHARED) if shared else (NOTE,)
    _train(network, known, shards=shards, job=job, params=params)
    metrics = score_matching(network.voice, network.face, shards, device=job.precision.device)
    publish(job, {"": (network, config)}, metrics=metrics, labels=known.people, notes=notes)
    return metrics


def read_known(voices: Path, faces: Path, *, variant: str, params: DimnetParams) -> Covariates:
    """ValueError for an unknown variant, or people of whom nothing is known."""
    if variant not in VARIANTS:
        raise ValueError(f"variant must be one of {', '.join(VARIANTS)}; got {variant!r}")
    columns: dict[Covariate, str] = {
        "identity": "identity",
        "gender": "gender",
        "nationality": params.nationality,
    }
    return read_covariates(voices, faces, wanted=VARIANTS[variant], columns=columns)


def _describe_stand_in(known: Covariates, params: DimnetParams) -> tuple[str, ...]:
    if "nationality" not in known.classes or params.nationality == "nationality":
        return ()
    return (STAND_IN.format(column=params.nationality),)


def start_from_teachers(
    network: DimNet, shards: Path, *, shared: bool, job: Job, params: DimnetParams
) -> None:
    """Everybody teaches, also people of whom a variant's covariate is not known; with `shared`
    voice and face are learnt of together."""
    known = read_known(*(shards / name / "train" for name in STRANDS), variant="I", params=params)
    own = replace(params, loop=params.teachers.loop)
    learn_from_teachers(
        network.voice,
        network.face,
        width=params.embedding_dim,
        pairs=shards / "pairs/train",
        people=known.people,
        open_batches=lambda n: open_strands(shards, known, start=n, job=job, params=own),
        split_batch=partial(split_strands, vary=params.vary_faces),
        job=job,
        params=params.teachers,
        shared=shared,
    )


def split_strands(batch: Batch, *, vary: float) -> Streams:
    voices, faces = batch["logmel"], vary_faces(scale_faces(batch["face"]), strength=vary)
    people: tuple[Tensor, ...] = batch["person"].split((len(voices), len(faces)))
    return Streams(voices, faces, *people)


def _train(
    network: DimNet, known: Covariates, *, shards: Path, job: Job, params: DimnetParams
) -> None:
    place_network(network, job.precision)
    device = job.precision.device
    optimiser = build_sgd(network.parameters(), rate=params.rate, weight_decay=params.weight_decay)
    hooks = Hooks(
        validate=partial(
            score_matching, network.voice, network.face, shards, device=device, splits=("val",)
        )
    )
    tables = {name: table.to(device) for name, table in known.tables.items()}
    train_supervised(
        network,
        optimiser,
        run=open_run(
            job, Trained({"dimnet": network}, {"sgd": optimiser}), loop=params.loop, hooks=hooks
        ),
        compute_losses=partial(
            compute_losses, tables=tables, precision=job.precision, vary=params.vary_faces
        ),
        open_batches=lambda n: open_strands(shards, known, start=n, job=job, params=params),
        precision=job.precision,
        recipe=Recipe(schedule=decay_at(params.milestones)),
    )


def open_strands(
    shards: Path, known: Covariates, *, start: int, job: Job, params: DimnetParams
) -> Iterator[Batch]:
    """Batches from step `start` on of voices and of faces drawn independently: nothing pairs."""
    stream = open_stream(job, params.loop)
    datasets = (
        build_voices_dataset(shards / "voices/train", stream, labels=known.people),
        build_faces_dataset(shards / "faces/train", stream, labels=known.people),
    )
    strands = (open_batches(data, start=start, num_workers=job.loader_workers) for data in datasets)
    for voices, faces in zip(*strands, strict=True):
        yield {
            "logmel": voices["logmel"],
            "face": faces["face"],
            "person": torch.cat((voices["label"], faces["label"])),
        }


def compute_losses(
    network: nn.Module,
    batch: Batch,
    *,
    tables: dict[Covariate, Tensor],
    precision: Precision,
    vary: float = 0.0,
) -> StepLosses:
    faces = vary_faces(scale_faces(batch["face"]), strength=vary)
    with precision.autocast():
        logits = network(batch["logmel"], faces)  # by covariate [V + F, N]
    labels: dict[str, Tensor] = {name: table[batch["person"]] for name, table in tables.items()}
    hits = {
        f"{name}_accuracy": (logits[name].argmax(dim=1) == labels[name]).float().mean()
        for name in labels
    }
    return StepLosses(compute_covariate_losses(logits, labels), metrics=hits)
