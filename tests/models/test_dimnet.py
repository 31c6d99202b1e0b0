import pytest
import torch

from models.dimnet import VARIANTS, DimNet, FaceNetwork, ResidualBlock, choose_covariates
from models.losses import compute_covariate_losses

CLASSES = {"identity": 924, "gender": 2, "nationality": 32}
TINY = {"face_widths": (4, 4, 8, 8), "voice_channels": (8, 8, 8, 8)}


def test_variants():
    assert list(VARIANTS) == ["I", "G", "N", "IG", "IN", "GN", "IGN"]
    first_letters = {"I": "identity", "G": "gender", "N": "nationality"}
    for name in VARIANTS:
        chosen = choose_covariates(name, num_classes=CLASSES)
        assert chosen == {first_letters[c]: CLASSES[first_letters[c]] for c in name}
    with pytest.raises(ValueError, match="got 'X'"):
        choose_covariates("X", num_classes=CLASSES)


def test_parameter_counts(count):
    with torch.device("meta"):
        network = DimNet(CLASSES)
    stages, num_in = 0, 3
    for num_out, blocks in zip((64, 128, 256, 512), (1, 2, 4, 1), strict=True):
        stages += 9 * num_in * num_out + 3 * num_out
        stages += 2 * blocks * (9 * num_out**2 + 3 * num_out)
        num_in = num_out
    assert count(network.face) == stages + 512 * 64 + 64
    assert count(network.voice) == 2_670_720
    assert count(network.heads) == 64 * (924 + 2 + 32)


@pytest.mark.parametrize("size", [64, 128])
def test_face_network_shapes(size):
    with torch.device("meta"):
        network = FaceNetwork()
        faces = torch.zeros(2, 3, size, size)
        assert network.features(faces).shape == (2, 512, size // 16, size // 16)
        assert network(faces).shape == (2, 64)


def test_residual_block_without_its_body_is_the_identity():
    block = ResidualBlock(4).eval()
    torch.nn.init.zeros_(block.body[3].weight)
    maps = torch.randn(2, 4, 6, 6)
    torch.testing.assert_close(block(maps), maps)


def test_heads_are_shared_by_both_modalities():
    network = DimNet(CLASSES, **TINY).eval()
    logmels, faces = torch.randn(2, 64, 64), torch.randn(3, 3, 64, 64)
    logits = network(logmels, faces)
    assert {name: tuple(v.shape) for name, v in logits.items()} == {
        "identity": (5, 924),
        "gender": (5, 2),
        "nationality": (5, 32),
    }
    weight = network.heads["gender"].weight
    torch.testing.assert_close(logits["gender"][:2], network.voice(logmels) @ weight.T)
    torch.testing.assert_close(logits["gender"][2:], network.face(faces) @ weight.T)


def test_no_covariate_is_refused():
    with pytest.raises(ValueError, match="at least one covariate"):
        DimNet({})


def test_a_step_lowers_the_loss(descend):
    network = DimNet({"identity": 4, "gender": 2}, **TINY)
    logmels, faces = torch.randn(4, 64, 64), torch.randn(4, 3, 64, 64)
    labels = {
        "identity": torch.tensor([0, 1, 2, 3, 3, 2, 1, 0]),
        "gender": torch.tensor([0, 1, -1, 1, 0, 1, 0, 1]),
    }
    before, after = descend(
        lambda: sum(
            compute_covariate_losses(network(logmels, faces), labels).values(), torch.zeros(())
        ),
        network.parameters(),
    )
    assert after < before
