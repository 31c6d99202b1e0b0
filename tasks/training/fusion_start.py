"""`start: fusion` of SVHF: its fusion layers first learn alone, from streams at rest (chosen).

What the streams make of some passes over the training people is computed once; triplets of it then
cost next to nothing, so that the fusion layers see many.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.svhf import Probe, Svhf
from tasks.data.orders import build_generator
from tasks.data.streams import Batch
from tasks.data.svhf_data import put_on_sides
from tasks.params import FusionParams
from tasks.training.checkpoint import Trained
from tasks.training.loop import Hooks
from tasks.training.optimisers import build_adam, decay_every
from tasks.training.precision import Precision, move_batch
from tasks.training.stages import Job, open_run
from tasks.training.stream_start import Streams
from tasks.training.supervised import Recipe, StepLosses, train_supervised

VARIATION = 7  # of the seed's streams
NOTE = (
    "The fusion layers then learn alone, from triplets of what the streams make of {passes} passes "
    "over the training people (chosen), before the network learns as a whole."
)


@dataclass(frozen=True)
class Outputs:
    """Of N voices, and of a face of the same person each: float32 [N, E]; whose they are: int64
    [N], in order."""

    voices: Tensor
    faces: Tensor
    people: Tensor


def learn_fusion(
    network: Svhf, batches: Iterable[Streams], *, job: Job, params: FusionParams
) -> None:
    """Trains the fusion layers in place; the streams stay as they are."""
    outputs = compute_outputs(network, batches, precision=job.precision)
    adam = build_adam(network.head.parameters(), rate=params.rate)
    train_supervised(
        network.head,
        adam,
        run=open_run(
            replace(job, folder=job.folder / "fusion"),
            Trained({"head": network.head}, {"adam": adam}),
            loop=params.loop,
            hooks=Hooks(),
        ),
        compute_losses=compute_losses,
        open_batches=partial(
            draw_triplets,
            outputs,
            probe=network.probe,
            batch_size=params.loop.batch_size,
            entropy=(params.loop.seed, VARIATION, job.ranks.rank),
        ),
        precision=job.precision,
        recipe=Recipe(decay_every(params.decay.factor, steps=params.decay.steps)),
    )


@torch.no_grad()
def compute_outputs(network: Svhf, batches: Iterable[Streams], *, precision: Precision) -> Outputs:
    """What the streams make of voices and faces, as at test time."""
    network.to(precision.device).eval()
    parts = []
    for streams in batches:
        moved = move_batch({"voices": streams.voices, "faces": streams.faces}, precision)
        with precision.autocast():
            heard, seen = network.voice_stream(moved["voices"]), network.face_stream(moved["faces"])
        parts.append((heard.float().cpu(), seen.float().cpu(), streams.voice_people.cpu()))
    voices, faces, people = (torch.cat(values) for values in zip(*parts, strict=True))
    order = people.argsort(stable=True)
    return Outputs(voices[order], faces[order], people[order])


def draw_triplets(
    outputs: Outputs, start: int, *, probe: Probe, batch_size: int, entropy: tuple[int, ...]
) -> Iterator[Batch]:
    """Batches from step `start` on: probe and both candidates end to end as `joined` [B, 3 E], and
    `answer` [B], which of them is the probe's own."""
    probes, candidates = outputs.voices, outputs.faces
    if probe == "face":
        probes, candidates = candidates, probes
    for step in count(start):
        random = build_generator(*entropy, step)
        rows = torch.randint(len(probes), (batch_size,), generator=random)
        others = pick_others(outputs.people, rows, random=random)
        answers = torch.randint(2, (batch_size,), generator=random)
        sides = put_on_sides(rows, others, answers)  # [B, 2]
        joined = torch.cat((probes[rows], candidates[sides].flatten(1)), dim=1)
        yield {"joined": joined, "answer": answers}


def pick_others(people: Tensor, rows: Tensor, *, random: torch.Generator) -> Tensor:
    """For each of `rows` [B] a row of another person, all alike; `people` [N] are in order."""
    counts = people.bincount()
    own, ends = counts[people[rows]], counts.cumsum(dim=0)[people[rows]]
    draws = torch.rand(len(rows), generator=random, dtype=torch.float64)
    return (ends + (draws * (len(people) - own)).long()) % len(people)


def compute_losses(head: nn.Module, batch: Batch) -> StepLosses:
    logits, answers = head(batch["joined"]), batch["answer"]
    accuracy = (logits.argmax(dim=1) == answers).float().mean()
    match = functional.cross_entropy(logits.float(), answers)
    return StepLosses({"match": match}, metrics={"match_accuracy": accuracy})
