import numpy as np
import pytest
import torch
from torch import nn

from models.losses import compute_generator_loss
from models.voice2face import (
    DiscriminatorHead,
    FaceEmbedding,
    Generator,
    IdentityHead,
    VoiceEmbedding,
    normalise_embeddings,
    perturb_embeddings,
    stretch_pictures,
)


def test_parameter_counts(count):
    assert count(VoiceEmbedding()) == 2_670_720
    assert count(Generator()) == 12_191_875
    assert count(Generator(kernels="paper")) == 7_317_635
    assert count(FaceEmbedding()) == 3_310_720
    assert count(FaceEmbedding(kernels="paper")) == 2_092_160
    assert count(IdentityHead(924)) == 59_136
    assert count(DiscriminatorHead()) == 64


def test_state_keys_are_those_of_the_released_weights():
    voice = {key.rsplit(".", 1)[0] for key in VoiceEmbedding().state_dict()}
    convolutions, norms = {0, 3, 6, 9, 12}, {1, 4, 7, 10}
    assert voice == {f"model.{index}" for index in convolutions | norms}
    assert VoiceEmbedding().state_dict()["model.12.bias"].shape == (64,)
    assert VoiceEmbedding().state_dict()["model.9.weight"].shape == (864, 576, 3)
    generator = {key.rsplit(".", 1)[0] for key in Generator().state_dict()}
    assert generator == {f"model.{index}" for index in (0, 2, 4, 6, 8, 10)}


@pytest.mark.parametrize(("frames", "steps"), [(300, 10), (800, 25), (1000, 32)])
def test_voice_embedding_steps(frames, steps, record_shapes):
    with torch.device("meta"):
        shapes = record_shapes(VoiceEmbedding(), torch.zeros(2, 64, frames), kinds=nn.Conv1d)
    assert shapes[-1] == (2, 64, steps)


def test_voice_embedding_is_the_mean_over_time():
    network = VoiceEmbedding().eval()
    logmels = torch.randn(2, 64, 301)
    torch.testing.assert_close(network(logmels), network.model(logmels).mean(2))


def test_paper_last_layer_is_rectified(count):
    network = VoiceEmbedding(last_layer="paper")
    assert network(torch.randn(4, 64, 320)).min() >= 0
    assert count(network) == 2_670_720 - 64 + 2 * 64


@pytest.mark.parametrize("kernels", ["code", "paper"])
def test_generator_and_trunk_sizes(kernels, record_shapes):
    with torch.device("meta"):
        generator, trunk = Generator(kernels=kernels), FaceEmbedding(kernels=kernels)
        up = record_shapes(generator, torch.zeros(1, 64), kinds=nn.ConvTranspose2d)
        down = record_shapes(trunk, torch.zeros(1, 3, 64, 64), kinds=nn.Conv2d)
    assert [shape[1:3] for shape in up] == [
        *((1024, 4), (512, 8), (256, 16), (128, 32), (64, 64), (3, 64))
    ]
    assert [shape[1:3] for shape in down] == [
        *((32, 64), (64, 32), (128, 16), (256, 8), (512, 4), (64, 1))
    ]


def test_perturbation():
    embeddings = 7 * torch.randn(4000, 64)
    random = torch.Generator().manual_seed(1)
    noisy = perturb_embeddings(embeddings, random=random)
    unit = embeddings / embeddings.norm(dim=1, keepdim=True)
    torch.testing.assert_close(noisy.norm(dim=1), torch.ones(4000))
    # 64 components of noise 0.05 have length 0.4: the mean cosine is near 1 / sqrt(1 + 0.16).
    assert (noisy * unit).sum(1).mean().item() == pytest.approx(1.16**-0.5, abs=0.005)
    torch.testing.assert_close(normalise_embeddings(embeddings), unit)


def test_stretched_pictures_use_their_own_range():
    pictures = torch.randn(2, 3, 8, 8)
    stretched = stretch_pictures(pictures).numpy()
    for picture, found in zip(pictures.numpy(), stretched, strict=True):
        clipped = np.clip(picture, -1, 1)
        span = clipped.max() - clipped.min()
        np.testing.assert_allclose(found, (clipped - clipped.min()) / span, atol=1e-6)
    assert torch.equal(stretch_pictures(torch.ones(1, 3, 4, 4)), torch.zeros(1, 3, 4, 4))


def test_generator_step_lowers_its_loss(descend):
    generator = Generator(channels=(16, 8, 8, 4, 4))
    trunk = FaceEmbedding(channels=(4, 4, 8, 8, 16))
    judge, classifier = DiscriminatorHead(), IdentityHead(3)
    voices, labels = normalise_embeddings(torch.randn(4, 64)), torch.tensor([0, 1, 2, 0])

    def compute() -> torch.Tensor:
        faces = trunk(generator(voices))
        return compute_generator_loss(judge(faces), classifier(faces), labels=labels)

    before, after = descend(compute, generator.parameters(), rate=1.0)
    assert after < before


def test_voice_step_lowers_its_loss(descend):
    network, head = VoiceEmbedding(channels=(8, 8, 8, 8)), IdentityHead(3)
    logmels, labels = torch.randn(6, 64, 64), torch.tensor([0, 1, 2, 0, 1, 2])
    weights = [*network.parameters(), *head.parameters()]
    before, after = descend(
        lambda: nn.functional.cross_entropy(head(network(logmels)), labels), weights
    )
    assert after < before


def test_unknown_choices_are_named():
    with pytest.raises(ValueError, match="kernels must be one of code, paper; got '5x5'"):
        Generator(kernels="5x5")
    with pytest.raises(ValueError, match="last_layer"):
        VoiceEmbedding(last_layer="none")
