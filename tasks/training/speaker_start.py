"""`start: speaker` of the encoders from voice to face feature (chosen).

Some hundred voices do not teach a network from nothing to hear people, so it first learns from a
pre-trained speaker encoder what to hear in them; its last layer then begins as the ridge regression
from what it hears to the faces.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from models.speaker_encoder import EMBEDDING_DIM
from tasks.data.augment import hide_stripes, warp_frequencies
from tasks.data.datasets import build_pairs_dataset
from tasks.data.orders import build_generator
from tasks.data.readers import compute_data_hash, read_batches, read_index
from tasks.data.streams import Batch, ShardDataset
from tasks.params import SpeakerStartParams
from tasks.training.checkpoint import Trained
from tasks.training.encoders import count_frames, open_windows
from tasks.training.heard import hear_once
from tasks.training.loop import Hooks
from tasks.training.optimisers import build_adam, decay_every
from tasks.training.precision import Precision, place_network
from tasks.training.stages import Job, open_run, open_stream
from tasks.training.supervised import Recipe, StepLosses, train_supervised

VARIATION = 6  # of the seed's streams
LOUDNESS = 0.3  # compressed amplitudes are multiplied by 1 -+ this
BLOCK = 16
SPLITS = ("train", "val")
COLUMNS = ("spectrogram", "clip_id")
NOTE = (
    "Training begins with what the package Resemblyzer's speaker encoder hears in the training "
    "voices, then a ridge regression whose strength matches the validation people best (chosen): "
    "the metrics that begin with start_ are of this."
)


class Encoder(Protocol):
    """A network whose last layer `fc2` reads what it hears, [B, H]."""

    fc2: nn.Linear

    def listen(self, spectrograms: Tensor) -> Tensor: ...


class Student(nn.Module):
    """An encoder's hearing [B, H] read as a speaker embedding, centred and scaled: [B, 256]."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.fc2.in_features, EMBEDDING_DIM)

    def forward(self, spectrograms: Tensor) -> Tensor:
        embeddings: Tensor = self.head(self.encoder.listen(spectrograms))
        return embeddings


@dataclass(frozen=True)
class Lessons:
    """What the speaker encoder hears in each recording, less the training voices' mean, at a root
    mean square of 1 over these: [N, 256] by row, and the row of each clip."""

    embeddings: Tensor
    rows: Mapping[str, int]

    def look_up(self, clip_ids: Sequence[str]) -> Tensor:
        return self.embeddings[[self.rows[name] for name in clip_ids]]


def read_lessons(shards: Path, *, device: torch.device) -> Lessons:
    """Of the training and validation voices."""
    folders = [shards / "pairs" / split for split in SPLITS]
    train, val = (
        hear_once(folder, compute_data_hash(read_index(folder)), device) for folder in folders
    )
    mean = train.embeddings.mean(dim=0)
    scale = (train.embeddings - mean).square().mean().sqrt()
    embeddings = (torch.cat((train.embeddings, val.embeddings)) - mean) / scale
    names = [*train.clip_ids, *val.clip_ids]
    return Lessons(embeddings.to(device), {name: row for row, name in enumerate(names)})


def learn_speakers(
    encoder: Encoder, shards: Path, *, job: Job, params: SpeakerStartParams
) -> dict[str, float]:
    """Trains everything below the last layer; returns the mean squared error on the validation
    voices, about 1 for an answer that is always the mean."""
    lessons = read_lessons(shards, device=job.precision.device)
    encoder.fc2.requires_grad_(False)
    student = Student(encoder)
    place_network(student, job.precision)
    adam = build_adam(student.parameters(), rate=params.rate)
    score = partial(score_hearing, student, lessons, shards / "pairs/val", precision=job.precision)
    stream = open_stream(job, params.loop)
    dataset = build_pairs_dataset(shards / "pairs/train", stream, columns=COLUMNS)
    train_supervised(
        student,
        adam,
        run=open_run(
            replace(job, folder=job.folder / "speaker"),
            Trained({"student": student}, {"adam": adam}),
            loop=params.loop,
            hooks=Hooks(validate=score),
        ),
        compute_losses=partial(compute_losses, lessons=lessons, precision=job.precision),
        open_batches=lambda n: open_varied(dataset, start=n, job=job, params=params),
        precision=job.precision,
        recipe=Recipe(decay_every(params.decay.factor, steps=params.decay.steps)),
    )
    encoder.fc2.requires_grad_(True)
    return score()


def open_varied(
    dataset: ShardDataset, *, start: int, job: Job, params: SpeakerStartParams
) -> Iterator[Batch]:
    """Batches from step `start` on of random windows, varied and with stripes hidden."""
    batches = open_windows(
        dataset,
        num_frames=count_frames(params.seconds),
        start=start,
        num_workers=job.loader_workers,
    )
    for step, batch in enumerate(batches, start=start):
        random = build_generator(dataset.stream.seed, step, VARIATION, job.ranks.rank)
        spectrograms = vary(batch["spectrogram"], random=random, warp=params.warp)
        yield batch | {"spectrogram": hide_stripes(spectrograms, count=params.masks, random=random)}


def vary(spectrograms: Tensor, *, random: Generator, warp: float) -> Tensor:
    """[B, 2, T, F] at other loudness, and other pitch within the batch's one draw."""
    draws = 2 * torch.rand(1 + len(spectrograms), generator=random) - 1
    louder = (1 + LOUDNESS * draws[1:]).to(spectrograms)[:, None, None, None]
    return louder * warp_frequencies(spectrograms, float((warp * draws[0]).exp()))


def compute_losses(
    network: nn.Module, batch: Batch, *, lessons: Lessons, precision: Precision
) -> StepLosses:
    with precision.autocast():
        answers = network(batch["spectrogram"].float())  # [B, 256]
    return StepLosses(
        {"speaker": functional.mse_loss(answers.float(), lessons.look_up(batch["clip_id"]))}
    )


@torch.no_grad()
def score_hearing(
    student: Student, lessons: Lessons, folder: Path, *, precision: Precision
) -> dict[str, float]:
    errors = []
    for batch in read_batches(folder, columns=list(COLUMNS), batch_size=BLOCK):
        spectrograms = torch.tensor(batch["spectrogram"]).to(precision.device).float()
        with precision.autocast():
            answers = student.eval()(spectrograms)
        wanted = lessons.look_up(list(batch["clip_id"]))
        errors.append((answers.float() - wanted).square().mean(dim=1))
    return {"val_speaker_error": float(torch.cat(errors).mean())}
