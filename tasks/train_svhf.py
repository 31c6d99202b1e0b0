"""train_svhf: which of two faces has this voice, or which of two voices this face (SPEC 6.1)."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any

import torch
from prefect import task
from torch import Tensor, nn
from torch.nn import functional

from models.svhf import Probe, Svhf, mirror_rows
from tasks.data.orders import build_generator
from tasks.data.readers import read_index
from tasks.data.resident import build_shared_labels
from tasks.data.streams import Batch, ShardDataset, open_batches
from tasks.data.svhf_data import FaceShelf, build_triplets_dataset, load_shelf
from tasks.params import LoopParams, RunParams, SvhfParams, flatten
from tasks.training import fusion_start
from tasks.training.checkpoint import Trained
from tasks.training.loop import Hooks
from tasks.training.optimisers import build_sgd, decay_every
from tasks.training.precision import Precision, place_network
from tasks.training.recordings import Embedded
from tasks.training.scores import MAX_ROWS
from tasks.training.stages import Job, describe_origin, open_job, open_run, open_stream, publish
from tasks.training.stream_start import NOTE, SHARED, Streams, learn_from_teachers
from tasks.training.supervised import Recipe, StepLosses, train_supervised
from tasks.training.svhf import (
    IdentifyingSvhf,
    compute_preferences,
    embed_faces,
    embed_voices,
    prepare_faces,
)
from tasks.training.vary import vary_faces

FRAMES_PER_S = 100
TRIALS = 100  # of a validation, for each probe
NOTES = (
    "Recalled (SPEC 6.1): the face stream's widths, SGD, rate, batch, random triplets, 30 epochs.",
    "Chosen: instead of starting from published identification networks, both streams learn to "
    "tell the training people beside the triplets (weight {weight:g}); impostors are others of the "
    "batch, {impostors} for each probe; the rate's steps; the mean colour; short sounds are "
    "repeated.",
    "At test both orders of the two candidates are asked (chosen).",
)


@task(task_run_name="train_svhf")
def fit_svhf(
    shards: Path,
    out: Path,
    code: str,
    probe: Probe,
    params: SvhfParams,
    run: RunParams,
    pairs: Path | None = None,
) -> dict[str, float]:
    """Trains on SHARDS/voices/train and faces/train as write_svhf_shards made them; `pairs` is the
    training split that teachers need."""
    voices, faces = shards / "voices/train", shards / "faces/train"
    labels = build_shared_labels(voices, faces)
    indices = {f"svhf/{folder.parent.name}/train": read_index(folder) for folder in (voices, faces)}
    origin = describe_origin(flatten(params) | {"probe": probe}, code=code, indices=indices)
    job = open_job(out, origin, run=run, seed=params.loop.seed)
    config: dict[str, Any] = {"probe": probe, "width": params.width}
    network = Svhf(**config)
    shelf = load_shelf(faces, labels=labels)
    open_dataset = partial(
        _open_dataset, voices, labels=labels, faces=shelf, job=job, params=params
    )
    notes = tuple(
        note.format(weight=params.identification_weight, impostors=params.num_impostors)
        for note in NOTES
    )
    notes += start_network(
        network, open_dataset, pairs=pairs, labels=labels, job=job, params=params
    )
    learner = IdentifyingSvhf(network, num_people=len(labels), vary=params.vary_faces)
    _train(learner, open_dataset(loop=params.loop), shards=shards, job=job, params=params)
    metrics = score_splits(network, shards, device=job.precision.device)
    publish(job, {"": (network, config)}, metrics=metrics, labels=labels, notes=notes)
    return metrics


def _open_dataset(
    voices: Path,
    *,
    labels: Mapping[str, int],
    faces: FaceShelf,
    job: Job,
    params: SvhfParams,
    loop: LoopParams,
) -> ShardDataset:
    return build_triplets_dataset(
        voices,
        open_stream(job, loop),
        labels=labels,
        faces=faces,
        num_frames=round(params.seconds * FRAMES_PER_S),
        num_impostors=params.num_impostors,
    )


def start_network(
    network: Svhf,
    open_dataset: Callable[..., ShardDataset],
    *,
    pairs: Path | None,
    labels: Mapping[str, int],
    job: Job,
    params: SvhfParams,
) -> tuple[str, ...]:
    """As `params.start` says; returns the card's notes on it."""
    if params.start == "random":
        return ()
    dataset = open_dataset(loop=params.teachers.loop)
    start_from_teachers(network, dataset, pairs=pairs, labels=labels, job=job, params=params)
    notes = (NOTE, SHARED) if params.teachers.shared else (NOTE,)
    if params.start == "teachers":
        return notes
    start_fusion(network, dataset, job=job, params=params)
    return (*notes, fusion_start.NOTE.format(passes=params.fusion.num_passes))


def start_from_teachers(
    network: Svhf,
    dataset: ShardDataset,
    *,
    pairs: Path | None,
    labels: Mapping[str, int],
    job: Job,
    params: SvhfParams,
) -> None:
    """ValueError without pairs."""
    if pairs is None:
        raise ValueError(
            f"train_svhf.start: {params.start} needs --pairs, the pairs of the same people"
        )
    learn_from_teachers(
        network.voice_stream,
        network.face_stream,
        width=network.embedding_dim,
        pairs=pairs,
        people=labels,
        open_batches=lambda n: open_batches(dataset, start=n, num_workers=job.loader_workers),
        split_batch=partial(split_batch, vary=params.vary_faces),
        job=job,
        params=params.teachers,
        shared=params.teachers.shared,
    )


def start_fusion(network: Svhf, dataset: ShardDataset, *, job: Job, params: SvhfParams) -> None:
    num_batches = ceil(params.fusion.num_passes * dataset.steps_per_epoch)
    batches = islice(open_batches(dataset, num_workers=job.loader_workers), num_batches)
    streams = (split_batch(batch, vary=params.vary_faces) for batch in batches)
    fusion_start.learn_fusion(network, streams, job=job, params=params.fusion)


def split_batch(batch: Batch, *, vary: float) -> Streams:
    faces = vary_faces(prepare_faces(batch["face"]), strength=vary)
    voices = mirror_rows(batch["spectrogram"].float())
    return Streams(voices, faces, batch["label"], batch["label"])


def _train(
    learner: IdentifyingSvhf,
    dataset: ShardDataset,
    *,
    shards: Path,
    job: Job,
    params: SvhfParams,
) -> None:
    place_network(learner, job.precision)
    optimiser = build_sgd(learner.parameters(), rate=params.rate, weight_decay=params.weight_decay)
    device = job.precision.device
    hooks = Hooks(
        validate=partial(score_splits, learner.svhf, shards, device=device, splits=("val",))
    )
    train_supervised(
        learner,
        optimiser,
        run=open_run(
            job, Trained({"svhf": learner}, {"sgd": optimiser}), loop=params.loop, hooks=hooks
        ),
        compute_losses=partial(
            compute_losses, weight=params.identification_weight, precision=job.precision
        ),
        open_batches=lambda n: open_batches(dataset, start=n, num_workers=job.loader_workers),
        precision=job.precision,
        recipe=Recipe(schedule=decay_every(params.decay.factor, steps=params.decay.steps)),
    )


def compute_losses(
    network: nn.Module, batch: Batch, *, weight: float, precision: Precision
) -> StepLosses:
    """`weight` is that of telling people, by voice and by face."""
    with precision.autocast():
        logits = network(batch)
    answers, labels = batch["answer"].flatten(), batch["label"]
    match = functional.cross_entropy(logits["match"].float(), answers)
    people = [functional.cross_entropy(logits[name].float(), labels) for name in ("voice", "face")]
    hits = {
        "match_accuracy": (logits["match"].argmax(dim=1) == answers).float().mean(),
        "voice_accuracy": (logits["voice"].argmax(dim=1) == labels).float().mean(),
        "face_accuracy": (logits["face"].argmax(dim=1) == labels).float().mean(),
    }
    return StepLosses({"match": match, "people": weight * (people[0] + people[1])}, metrics=hits)


def score_splits(
    network: Svhf,
    shards: Path,
    *,
    device: torch.device,
    splits: tuple[str, ...] = ("val", "test"),
) -> dict[str, float]:
    """1:2 matching of each split that has voices and faces, beside chance."""
    scores: dict[str, float] = {}
    for split in splits:
        voices, faces = shards / "voices" / split, shards / "faces" / split
        if voices.is_dir() and faces.is_dir():
            found = (
                embed_voices(network, voices, device=device),
                embed_faces(network, faces, device=device),
            )
            probes, candidates = found if network.probe == "voice" else found[::-1]
            scores[f"{split}_matching"] = score_triplets(network, probes, candidates)
            scores[f"{split}_matching_constant"] = 0.5
    return scores


def score_triplets(network: Svhf, probes: Embedded, candidates: Embedded) -> float:
    """Share of random triplets, the same for the same data; ties count a half."""
    random = build_generator(0)
    people = sorted({*probes.people, *candidates.people})
    numbers = {name: number for number, name in enumerate(people)}
    owners = torch.tensor([numbers[name] for name in candidates.people])
    rows = []
    for row, name in enumerate(probes.people[:MAX_ROWS]):
        own, others = (owners == numbers[name]).nonzero(), (owners != numbers[name]).nonzero()
        if len(own) and len(others):
            picks = [_pick(places, random) for places in (own, others)]
            rows.append(torch.stack((torch.full_like(picks[0], row), *picks), dim=1))
    chosen = torch.cat(rows).unbind(1)
    sides = [candidates.embeddings[places] for places in chosen[1:]]
    wanted = compute_preferences(network, probes.embeddings[chosen[0]], *sides)
    return float(((wanted > 0).double() + 0.5 * (wanted == 0).double()).mean())


def _pick(places: Tensor, random: torch.Generator) -> Tensor:
    return places[torch.randint(len(places), (TRIALS,), generator=random), 0]
