"""`start: teachers` of the networks that match voices and faces: each stream first learns, by
itself, what a pre-trained network knows of its modality (chosen).

In place of the published identification networks that SVHF's streams begin as (SPEC 6.1): the voice
stream answers with the mean speaker embedding of the voice's person, the face stream with the mean
face feature, as the pairs have them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from tasks.data.readers import compute_data_hash, read_index
from tasks.data.streams import Batch
from tasks.params import TeachersParams, flatten
from tasks.training.checkpoint import Trained
from tasks.training.heard import COLUMNS, hear_once
from tasks.training.loop import Hooks
from tasks.training.optimisers import build_adam, decay_every
from tasks.training.precision import place_network
from tasks.training.speaker_package import SHA256
from tasks.training.stages import Job, describe_origin, open_run, place_checkpoints
from tasks.training.supervised import Recipe, StepLosses, train_supervised

NOTE = (
    "Both streams begin as networks that know, of the training people, the mean embedding by the "
    "package Resemblyzer's speaker encoder and the mean feature of the shards' face encoder "
    "(chosen)."
)
SHARED = (
    "One answer serves both streams in this start, so that voice and face of a training person lie "
    "together before training begins, also where nothing later says who is who (chosen)."
)


@dataclass(frozen=True)
class Lessons:
    """By person's number: speaker embeddings [P, 256] and face features [P, D], centred, at a root
    mean square of 1; NaN for people without pairs."""

    voices: Tensor
    faces: Tensor


@dataclass(frozen=True)
class Streams:
    """A batch as the streams read it, and whose voices and faces these are (int64)."""

    voices: Tensor
    faces: Tensor
    voice_people: Tensor
    face_people: Tensor


class Pupils(nn.Module):
    """Two streams with a linear answer each, of their teachers' widths, or with one for both."""

    def __init__(
        self, voice: nn.Module, face: nn.Module, *, width: int, lessons: Lessons, shared: bool
    ) -> None:
        super().__init__()
        self.voice, self.face = voice, face
        self.voice_head = nn.Linear(width, lessons.voices.shape[1])
        self.face_head = self.voice_head if shared else nn.Linear(width, lessons.faces.shape[1])

    def forward(self, streams: Streams) -> tuple[Tensor, Tensor]:
        return self.voice_head(self.voice(streams.voices)), self.face_head(self.face(streams.faces))


def read_lessons(pairs: Path, people: Mapping[str, int], *, device: torch.device) -> Lessons:
    """Of a split's pairs; `people` are the numbers by name."""
    known = hear_once(pairs, compute_data_hash(read_index(pairs)), device)
    numbers = torch.tensor([people.get(name, -1) for name in known.people])
    voices, faces = (
        standardise(average(values, numbers, count=len(people)))
        for values in (known.embeddings, known.features)
    )
    return Lessons(voices.to(device), faces.to(device))


def share(lessons: Lessons) -> Lessons:
    """Both streams are to know both of a person."""
    both = torch.cat((lessons.voices, lessons.faces), dim=1)
    return Lessons(both, both)


def average(values: Tensor, numbers: Tensor, *, count: int) -> Tensor:
    """Means [count, D] of rows [N, D] by number; -1 belongs to nobody, NaN where there is none."""
    rows = numbers >= 0
    sums = torch.zeros(count, values.shape[1]).index_add(0, numbers[rows], values[rows])
    return sums / numbers[rows].bincount(minlength=count)[:, None]


def standardise(table: Tensor) -> Tensor:
    known = table[~table.isnan().any(dim=1)]
    mean = known.mean(dim=0)
    return (table - mean) / (known - mean).square().mean().sqrt()


def learn_from_teachers(
    voice: nn.Module,
    face: nn.Module,
    *,
    width: int,
    pairs: Path,
    people: Mapping[str, int],
    open_batches: Callable[[int], Iterator[Batch]],
    split_batch: Callable[[Batch], Streams],
    job: Job,
    params: TeachersParams,
    shared: bool = False,
) -> None:
    """Trains both streams in place.

    `shared`: one linear answer serves both streams, of all that is known of a person, so that a
    voice and a face of one person come to lie together.
    Checkpoints lie under a key of what this start follows from, so that variants share it; it draws
    from the seed alone, so that it is the same whichever comes first.
    """
    index = read_index(pairs, columns=COLUMNS)
    told = {"speaker_encoder": SHA256, "voice": str(voice), "face": str(face), "shared": shared}
    origin = describe_origin(
        flatten(params) | told, code=job.origin.code, indices={"pairs/train": index}
    )
    origin = replace(origin, data={**origin.data, **job.origin.data})
    own = replace(
        job, folder=place_checkpoints(job.out.with_name("streams"), origin), origin=origin
    )
    lessons = read_lessons(pairs, people, device=job.precision.device)
    lessons = share(lessons) if shared else lessons
    torch.manual_seed(params.loop.seed)
    pupils = Pupils(voice, face, width=width, lessons=lessons, shared=shared)
    pupils.apply(_start_again)
    place_network(pupils, job.precision)
    adam = build_adam(pupils.parameters(), rate=params.rate)
    train_supervised(
        pupils,
        adam,
        run=open_run(
            own, Trained({"pupils": pupils}, {"adam": adam}), loop=params.loop, hooks=Hooks()
        ),
        compute_losses=partial(compute_losses, lessons=lessons, split_batch=split_batch, job=job),
        open_batches=open_batches,
        precision=job.precision,
        recipe=Recipe(decay_every(params.decay.factor, steps=params.decay.steps)),
    )
    torch.manual_seed(params.loop.seed)


def _start_again(module: nn.Module) -> None:
    """Whatever was drawn before is drawn again, from the seed that was just set."""
    reset = getattr(module, "reset_parameters", None)
    if callable(reset):
        reset()


def compute_losses(
    network: nn.Module,
    batch: Batch,
    *,
    lessons: Lessons,
    split_batch: Callable[[Batch], Streams],
    job: Job,
) -> StepLosses:
    streams = split_batch(batch)
    with job.precision.autocast():
        heard, seen = network(streams)
    return StepLosses(
        {
            "voice": compare_known(heard.float(), lessons.voices[streams.voice_people]),
            "face": compare_known(seen.float(), lessons.faces[streams.face_people]),
        }
    )


def compare_known(answers: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared error over the rows [B, D] whose `wanted` is known, 0 where none is."""
    known = ~wanted.isnan().any(dim=1)  # [B]
    errors = (answers - wanted.nan_to_num()).square().mean(dim=1)
    return (errors * known).sum() / known.sum().clamp_min(1)
