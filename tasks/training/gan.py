"""Wen et al. 2019: faces from voices by alternating steps (SPEC 4.1), data on the device."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from models.voice2face import NOISE_STD, perturb_embeddings
from tasks.data.augment import Share
from tasks.data.orders import build_generator
from tasks.data.resident import (
    ResidentFaces,
    ResidentVoices,
    compute_resident_rows,
    sample_faces,
    sample_voices,
)
from tasks.training.checkpoint import Trained
from tasks.training.distributed import Ranks, average_gradients, broadcast_weights
from tasks.training.loop import Run, StepValues, resume, run_steps
from tasks.training.optimisers import build_adam
from tasks.training.precision import Precision
from tasks.training.vary import shift_and_tint

VOICES, FACES, NOISE = 0, 1, 2  # independent random streams of one seed


@dataclass(frozen=True)
class GanNetworks:
    """`embedding` [B, 64, T] to [B, 64] is frozen; `trunk`, with the heads `discriminator` (to
    logits [B]) and `classifier` (to [B, people]), judges what `generator` makes."""

    embedding: nn.Module
    generator: nn.Module
    trunk: nn.Module
    discriminator: nn.Module
    classifier: nn.Module


@dataclass(frozen=True)
class GanRecipe:
    """Defaults are SPEC 4.1's: `batch_size` counts all ranks, `noise_std` is per component.

    `shift_px` and `tint` are what `shift_and_tint` does to the pictures that are judged.
    """

    seed: int
    batch_size: int = 128
    rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    noise_std: float = NOISE_STD
    shift_px: int = 0
    tint: float = 0.0

    def vary(self, pictures: Tensor) -> Tensor:
        return shift_and_tint(pictures, shift_px=self.shift_px, tint=self.tint)


@dataclass(frozen=True)
class GanBatch:
    """Voices [B, 64, L] and unrelated faces [B, 3, 64, 64] in [-1, 1], each with labels [B]."""

    logmels: Tensor
    voice_labels: Tensor
    faces: Tensor
    face_labels: Tensor


def build_gan_state(networks: GanNetworks, recipe: GanRecipe) -> Trained:
    """The four trained networks, an Adam each."""
    trained = {
        "generator": networks.generator,
        "trunk": networks.trunk,
        "discriminator": networks.discriminator,
        "classifier": networks.classifier,
    }
    adams = {
        name: build_adam(network.parameters(), rate=recipe.rate, betas=recipe.betas)
        for name, network in trained.items()
    }
    return Trained(trained, adams)


def train_gan(
    networks: GanNetworks,
    *,
    voices: ResidentVoices,
    faces: ResidentFaces,
    run: Run,
    recipe: GanRecipe,
    precision: Precision,
) -> None:
    """Trains from `run`'s last checkpoint on; `run.trained` is `build_gan_state`'s.

    ValueError for fewer voices or faces than a batch, or people fewer than two; raises as
    `run_steps` does.
    """
    share = _check_data(voices, faces, recipe=recipe, ranks=run.ranks)
    progress = resume(run)
    broadcast_weights(run.trained.networks.values(), run.ranks)
    networks.embedding.eval().requires_grad_(False)

    def take_step(step: int) -> StepValues:
        batch = sample_gan_batch(voices, faces, step=step, seed=recipe.seed, share=share)
        entropy = (recipe.seed, step, NOISE, run.ranks.rank)
        noise = build_generator(*entropy, device=precision.device)
        for network in run.trained.networks.values():
            network.train()
        losses = take_gan_step(
            networks,
            batch,
            optimisers=run.trained.optimisers,
            noise=noise,
            recipe=recipe,
            precision=precision,
            ranks=run.ranks,
        )
        return StepValues(losses, recipe.rate, recipe.batch_size)

    run_steps(run, take_step, progress=progress)


def _check_data(
    voices: ResidentVoices, faces: ResidentFaces, *, recipe: GanRecipe, ranks: Ranks
) -> Share:
    for name, labels in (("voices", voices.labels), ("faces", faces.labels)):
        if len(labels) < recipe.batch_size:
            raise ValueError(f"{len(labels)} {name} for a batch of {recipe.batch_size}")
        if int(labels.min()) == int(labels.max()):
            raise ValueError(f"{name} of a single person: nothing to tell apart")
    if recipe.batch_size % ranks.world:
        raise ValueError(f"batch {recipe.batch_size} does not split over {ranks.world} ranks")
    size = recipe.batch_size // ranks.world
    return Share(ranks.rank * size, size, recipe.batch_size)


def sample_gan_batch(
    voices: ResidentVoices, faces: ResidentFaces, *, step: int, seed: int, share: Share
) -> GanBatch:
    """Voices and faces drawn independently of each other; the same for the same seed and step."""
    voice_rows = compute_resident_rows(len(voices.labels), step, seed=seed, share=share)
    face_rows = compute_resident_rows(len(faces.labels), step, seed=seed + 1, share=share)
    random = build_generator(seed, step, VOICES)
    logmels, voice_labels = sample_voices(voices, voice_rows, random=random, share=share)
    random = build_generator(seed, step, FACES)
    pictures, face_labels = sample_faces(faces, face_rows, random=random, share=share)
    return GanBatch(logmels, voice_labels, pictures, face_labels)


def take_gan_step(
    networks: GanNetworks,
    batch: GanBatch,
    *,
    optimisers: Mapping[str, Optimizer],
    noise: Generator,
    recipe: GanRecipe,
    precision: Precision,
    ranks: Ranks,
) -> dict[str, Tensor]:
    """Discriminator, classifier and trunk, then the generator; returns the losses."""
    with torch.no_grad(), precision.autocast():
        embeddings = networks.embedding(batch.logmels).float()  # [B, 64]
        embeddings = perturb_embeddings(embeddings, noise_std=recipe.noise_std, random=noise)
    with precision.autocast():
        fakes = networks.generator(embeddings)  # [B, 3, 64, 64]
    judged = _judge_faces(networks, batch, fakes=fakes.detach(), recipe=recipe, precision=precision)
    judges = ("trunk", "discriminator", "classifier")
    parts = [getattr(networks, name) for name in judges]
    _step_down(judged, parts, optimisers=[optimisers[n] for n in judges], ranks=ranks)
    made = _judge_fakes(networks, batch, fakes=fakes, recipe=recipe, precision=precision)
    _step_down(made, [networks.generator], optimisers=[optimisers["generator"]], ranks=ranks)
    losses = judged | made
    return {"loss": torch.stack(list(losses.values())).sum().detach(), **losses}


def _judge_faces(
    networks: GanNetworks,
    batch: GanBatch,
    *,
    fakes: Tensor,
    recipe: GanRecipe,
    precision: Precision,
) -> dict[str, Tensor]:
    """Real faces are real and somebody's; generated ones are not real, and C sees none."""
    with precision.autocast():
        real = networks.trunk(recipe.vary(batch.faces))
        real_logits, people = networks.discriminator(real), networks.classifier(real)
        fake_logits = networks.discriminator(networks.trunk(recipe.vary(fakes)))
    return {
        "discriminator_real": _compute_bce(real_logits, 1.0),
        "discriminator_fake": _compute_bce(fake_logits, 0.0),
        "classifier_real": functional.cross_entropy(people.float(), batch.face_labels),
    }


def _judge_fakes(
    networks: GanNetworks,
    batch: GanBatch,
    *,
    fakes: Tensor,
    recipe: GanRecipe,
    precision: Precision,
) -> dict[str, Tensor]:
    """The generator wants its faces to be real and the voice's owner's; judges as just updated."""
    with precision.autocast():
        judged = networks.trunk(recipe.vary(fakes))
        logits, people = networks.discriminator(judged), networks.classifier(judged)
    return {
        "generator_real": _compute_bce(logits, 1.0),
        "generator_identity": functional.cross_entropy(people.float(), batch.voice_labels),
    }


def _compute_bce(logits: Tensor, target: float) -> Tensor:
    logits = logits.float()
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def _step_down(
    losses: Mapping[str, Tensor],
    networks: Sequence[nn.Module],
    *,
    optimisers: Sequence[Optimizer],
    ranks: Ranks,
) -> None:
    """One optimiser step of `networks` alone, whatever else the losses passed through."""
    parameters = [parameter for network in networks for parameter in network.parameters()]
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    total = torch.stack(list(losses.values())).sum()
    total.backward(inputs=parameters)  # type: ignore[no-untyped-call]
    average_gradients(parameters, ranks)
    for optimiser in optimisers:
        optimiser.step()
