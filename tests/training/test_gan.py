import os
import signal
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from models.voice2face import (
    DiscriminatorHead,
    FaceEmbedding,
    Generator,
    IdentityHead,
    VoiceEmbedding,
)
from tasks.data.augment import Share
from tasks.data.resident import ResidentFaces, ResidentVoices
from tasks.training.distributed import Ranks
from tasks.training.gan import (
    GanNetworks,
    GanRecipe,
    build_gan_state,
    sample_gan_batch,
    take_gan_step,
    train_gan,
)
from tasks.training.interrupts import Interrupted
from tasks.training.loop import Hooks, Run
from tasks.training.precision import choose_precision

StartRun = Callable[..., Run]
CPU = choose_precision("cpu")
RECIPE = GanRecipe(seed=4, batch_size=4)
NAMES = ("generator", "trunk", "discriminator", "classifier")


def build_networks() -> GanNetworks:
    torch.manual_seed(3)
    return GanNetworks(
        VoiceEmbedding(channels=(4, 4, 4, 4), embedding_dim=8),
        Generator(embedding_dim=8, channels=(4, 4, 4, 4, 4)),
        FaceEmbedding(channels=(4, 4, 4, 4, 4), embedding_dim=8),
        DiscriminatorHead(embedding_dim=8),
        IdentityHead(3, embedding_dim=8),
    )


@pytest.fixture
def voices() -> ResidentVoices:
    num_frames = torch.tensor([300, 1000, 1200, 400, 900, 350, 800])
    frames = torch.randn(int(num_frames.sum()), 64).half()
    return ResidentVoices(
        frames, num_frames.cumsum(0) - num_frames, num_frames, torch.arange(7) % 3
    )


@pytest.fixture
def faces() -> ResidentFaces:
    pictures = torch.randint(0, 256, (9, 64, 64, 3), dtype=torch.uint8)
    return ResidentFaces(pictures, torch.arange(9) % 3)


def take_official_step(
    networks: GanNetworks, adams: dict[str, Any], batch: Any, noise: torch.Tensor
) -> None:
    """SPEC 4.1 line by line, with whole graphs and zeroing, as the authors' script."""
    e = networks.embedding(batch.logmels).detach()
    e = e / e.norm(dim=1, keepdim=True)
    e = e + 0.05 * noise
    e = e / e.norm(dim=1, keepdim=True)
    fake = networks.generator(e)
    ones, zeros = torch.ones(4), torch.zeros(4)
    bce, ce = functional.binary_cross_entropy, functional.cross_entropy
    f, d, c = networks.trunk, networks.discriminator, networks.classifier
    for name in ("trunk", "discriminator", "classifier"):
        adams[name].zero_grad()
    real_loss = bce(torch.sigmoid(d(f(batch.faces))), ones)
    fake_loss = bce(torch.sigmoid(d(f(fake.detach()))), zeros)
    (real_loss + fake_loss + ce(c(f(batch.faces)), batch.face_labels)).backward()  # type: ignore[no-untyped-call]
    for name in ("trunk", "discriminator", "classifier"):
        adams[name].step()
    adams["generator"].zero_grad()
    g_loss = bce(torch.sigmoid(d(f(fake))), ones) + ce(c(f(fake)), batch.voice_labels)
    g_loss.backward()  # type: ignore[no-untyped-call]
    adams["generator"].step()


def test_steps_are_the_official_ones(voices: ResidentVoices, faces: ResidentFaces) -> None:
    ours, theirs = build_networks(), build_networks()
    ours.embedding.eval()
    theirs.embedding.eval()
    state = build_gan_state(ours, RECIPE)
    adams = {
        n: torch.optim.Adam(getattr(theirs, n).parameters(), lr=2e-4, betas=(0.5, 0.999))
        for n in NAMES
    }
    for step in range(3):
        batch = sample_gan_batch(voices, faces, step=step, seed=4, share=Share(0, 4, 4))
        random = torch.Generator().manual_seed(step)
        take_gan_step(
            ours,
            batch,
            optimisers=state.optimisers,
            noise=random,
            recipe=RECIPE,
            precision=CPU,
            ranks=Ranks(),
        )
        noise = torch.randn(4, 8, generator=torch.Generator().manual_seed(step))
        take_official_step(theirs, adams, batch, noise)
    for name in NAMES:
        for p, q in zip(
            getattr(ours, name).parameters(), getattr(theirs, name).parameters(), strict=True
        ):
            torch.testing.assert_close(p, q, rtol=1e-5, atol=2e-6)


def train(
    voices: ResidentVoices,
    faces: ResidentFaces,
    start_run: StartRun,
    name: str,
    *,
    recipe: GanRecipe = RECIPE,
    **options: Any,
) -> tuple[GanNetworks, str]:
    networks = build_networks()
    run = start_run(build_gan_state(networks, RECIPE), name, log_every=4, **options)
    train_gan(networks, voices=voices, faces=faces, run=run, recipe=recipe, precision=CPU)
    return networks, (run.settings.folder / "training.csv").read_text()


@pytest.mark.parametrize("recipe", [RECIPE, replace(RECIPE, shift_px=3, tint=0.2)])
def test_resumed_run_is_the_straight_one(
    voices: ResidentVoices, faces: ResidentFaces, start_run: StartRun, recipe: GanRecipe
) -> None:
    def stop() -> dict[str, float]:
        os.kill(os.getpid(), signal.SIGTERM)
        return {}

    again = partial(train, voices, faces, start_run, recipe=recipe)
    torch.manual_seed(0)
    straight, expected = again("straight")
    torch.manual_seed(0)
    with pytest.raises(Interrupted):
        again("stopped", validate_every=10, hooks=Hooks(stop))
    torch.rand(5)
    resumed, log = again("stopped")
    assert log == expected
    assert log.startswith("step,rate,loss,discriminator_real,discriminator_fake,classifier_real,")
    for name in NAMES:
        old, new = getattr(straight, name).state_dict(), getattr(resumed, name).state_dict()
        assert all(torch.equal(old[key], new[key]) for key in old)


def test_embedding_stays_as_it_was(
    voices: ResidentVoices, faces: ResidentFaces, start_run: StartRun
) -> None:
    networks, _ = train(voices, faces, start_run, "run", num_steps=2)
    before = build_networks().embedding.state_dict()
    after = networks.embedding.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_too_little_data_is_refused(
    voices: ResidentVoices, faces: ResidentFaces, start_run: StartRun
) -> None:
    few = ResidentFaces(faces.faces[:3], faces.labels[:3])
    with pytest.raises(ValueError, match="3 faces for a batch of 4"):
        train(voices, few, start_run, "run")
    alike = ResidentFaces(faces.faces, torch.zeros(9, dtype=torch.long))
    with pytest.raises(ValueError, match="faces of a single person"):
        train(voices, alike, start_run, "run")


def test_voices_and_faces_are_drawn_independently(
    voices: ResidentVoices, faces: ResidentFaces
) -> None:
    share = Share(0, 4, 4)
    batches = [sample_gan_batch(voices, faces, step=s, seed=0, share=share) for s in range(20)]
    agreed = [(b.voice_labels == b.face_labels).float().mean() for b in batches]
    assert 0.1 < float(torch.stack(agreed).mean()) < 0.6
    assert batches[0].faces.abs().max() <= 1
    assert isinstance(build_networks().trunk, nn.Module)
