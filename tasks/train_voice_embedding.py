"""train_voice_embedding: WEN's voice embedding learns to tell the training speakers (SPEC 4.1)."""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from prefect import task
from torch import Tensor, nn

from models.losses import compute_identity_loss
from models.voice2face import VoiceEmbedding
from tasks.data.datasets import build_voices_dataset
from tasks.data.held_out import select_held_out
from tasks.data.readers import ShardIndex, build_labels, read_column, read_index
from tasks.data.streams import Batch, open_batches
from tasks.params import RunParams, VoiceEmbeddingParams, flatten
from tasks.training.checkpoint import Trained
from tasks.training.loop import Hooks
from tasks.training.optimisers import build_sgd, decay_at
from tasks.training.precision import Precision, place_network
from tasks.training.recordings import Embedded, embed_recordings
from tasks.training.scores import (
    add_prefix,
    compute_accuracy,
    compute_majority,
    compute_match_rate,
)
from tasks.training.stages import (
    Job,
    describe_origin,
    open_job,
    open_run,
    open_stream,
    publish,
)
from tasks.training.supervised import Recipe, StepLosses, train_supervised

NOTES = (
    "The recipe is unpublished: SPEC 4.1's (chosen).",
    "The last step's weights are kept; the held-out figure selects nothing.",
)


@dataclass(frozen=True)
class Speakers:
    """The training voices: class numbers by name, and which rows training does not see."""

    folder: Path
    index: ShardIndex
    labels: dict[str, int]
    held_out: npt.NDArray[np.bool_]


@task(task_run_name="train_voice_embedding")
def fit_voice_embedding(
    shards: Path, out: Path, code: str, params: VoiceEmbeddingParams, run: RunParams
) -> dict[str, float]:
    """Trains on SHARDS/voices/train, writes the embedding without its classifier to `out`."""
    speakers = read_speakers(shards / "voices/train", per_person=params.held_out)
    origin = describe_origin(flatten(params), code=code, indices={"voices/train": speakers.index})
    job = open_job(out, origin, run=run, seed=params.loop.seed)
    config: dict[str, Any] = {
        "channels": params.channels,
        "embedding_dim": params.embedding_dim,
        "last_layer": params.last_layer,
    }
    embedding = VoiceEmbedding(**config)
    network = nn.Sequential(embedding, nn.Linear(params.embedding_dim, len(speakers.labels)))
    _train(network, speakers, job=job, params=params)
    metrics = score_held_out(network, speakers, job=job) | score_strangers(embedding, shards, job)
    publish(job, {"": (embedding, config)}, metrics=metrics, labels=speakers.labels, notes=NOTES)
    return metrics


def read_speakers(folder: Path, *, per_person: int) -> Speakers:
    """ValueError for fewer than two people."""
    index = read_index(folder, columns=("logmel", "identity"))
    identities = read_column(index, "identity").tolist()
    clip_ids = read_column(index, "clip_id").tolist()
    labels = build_labels(identities)
    held_out = select_held_out(identities, clip_ids, per_person=per_person)
    return Speakers(folder, index, labels, held_out)


def _train(
    network: nn.Module, speakers: Speakers, *, job: Job, params: VoiceEmbeddingParams
) -> None:
    place_network(network, job.precision)
    optimiser = build_sgd(network.parameters(), rate=params.rate, weight_decay=params.weight_decay)
    stream = open_stream(job, params.loop)
    dataset = build_voices_dataset(
        speakers.folder, stream, labels=speakers.labels, wanted=~speakers.held_out
    )
    hooks = Hooks(validate=partial(score_held_out, network, speakers, job=job))
    train_supervised(
        network,
        optimiser,
        run=open_run(
            job, Trained({"voice": network}, {"sgd": optimiser}), loop=params.loop, hooks=hooks
        ),
        compute_losses=partial(compute_losses, precision=job.precision),
        open_batches=lambda n: open_batches(dataset, start=n, num_workers=job.loader_workers),
        precision=job.precision,
        recipe=Recipe(schedule=decay_at(params.milestones)),
    )


def compute_losses(network: nn.Module, batch: Batch, *, precision: Precision) -> StepLosses:
    with precision.autocast():
        logits = network(batch["logmel"])  # [B, people]
    accuracy = (logits.argmax(dim=1) == batch["label"]).float().mean()
    loss = compute_identity_loss(logits, batch["label"])
    return StepLosses({"identity": loss}, metrics={"accuracy": accuracy})


def score_held_out(network: nn.Module, speakers: Speakers, *, job: Job) -> dict[str, float]:
    """Accuracy on the held-out recordings of the training speakers; nothing without any."""
    if not speakers.held_out.any():
        return {}
    found = embed_recordings(
        network, speakers.folder, device=job.precision.device, wanted=speakers.held_out
    )
    labels = _number(found, speakers)
    return {
        "held_out_accuracy": compute_accuracy(found.embeddings, labels),
        "held_out_chance": 1 / len(speakers.labels),
        "held_out_constant": compute_majority(labels, labels),
    }


def _number(found: Embedded, speakers: Speakers) -> Tensor:
    return torch.tensor([speakers.labels[name] for name in found.people])


def score_strangers(embedding: nn.Module, shards: Path, job: Job) -> dict[str, float]:
    """Same or another speaker: 1:2 matching by cosine among unseen people's recordings."""
    scores: dict[str, float] = {}
    for split in ("val", "test"):
        if (shards / "voices" / split).is_dir():
            found = embed_recordings(
                embedding, shards / "voices" / split, device=job.precision.device
            )
            scores |= add_prefix(match_recordings(found), split)
    return scores


def match_recordings(found: Embedded) -> dict[str, float]:
    """Each recording as a probe, the person's next recording against everybody else's (chance
    0.5); nothing where nobody has two."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(found.people):
        places.setdefault(name, []).append(place)
    pairs = [(a, b) for own in places.values() for a, b in pairwise(own)]
    if not pairs:
        return {}
    units = nn.functional.normalize(found.embeddings.double(), dim=1)
    probes, candidates = torch.tensor(pairs).unbind(1)
    scores = units[probes] @ units[candidates].T
    return {"matching": compute_match_rate(scores, [found.people[a] for a, _ in pairs])}
