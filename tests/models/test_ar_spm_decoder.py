from itertools import pairwise

import pytest
import torch
from torch import nn

from models.ar_spm_decoder import FaceDecoder
from models.cbam import Cbam

SIZES = {
    "repaired": [14, 14, 14, 28, 28, 56, 56, 56, 112, 112, 224],
    "code": [14, 14, 14, 14, 14, 28, 28, 28, 56, 56, 112, 112, 224],
}
WIDTHS = {
    "repaired": [512] * 5 + [256] * 3 + [64] * 2 + [32],
    "code": [512] * 5 + [256] * 3 + [128] * 2 + [64] * 2 + [32],
}


@pytest.mark.parametrize("variant", ["repaired", "code"])
def test_layer_sizes(variant, record_shapes):
    with torch.device("meta"):
        network = FaceDecoder(variant=variant)
        shapes = record_shapes(network, torch.zeros(1, 4096), kinds=nn.ConvTranspose2d)
        assert network(torch.zeros(1, 4096)).shape == (1, 3, 224, 224)
        assert network.compute_code(torch.zeros(1, 4096)).shape == (1, 1000)
    sizes = SIZES[variant]
    widths = WIDTHS[variant]
    wanted = [(1, width, size, size) for width, size in zip(widths, sizes, strict=True)]
    assert shapes[: len(sizes)] == wanted


def test_parameter_counts(count):
    with torch.device("meta"):
        network, public = FaceDecoder(), FaceDecoder(variant="code")
    assert count(network) == 69_138_863 == 69_098_475 + 6_976 + 33_412
    assert count(network.fc1) == 4_097_000
    assert count(network.fc2) == 25_113_088
    channels = [512, *WIDTHS["code"]]
    stages = sum(9 * num_in * num_out + 3 * num_out for num_in, num_out in pairwise(channels))
    attention = sum(c * (c // 4) * 2 + c + c // 4 + 19 for c in (512, 32))
    assert count(public) == 4_097_000 + 25_113_088 + stages + attention + 99


def test_where_attention_stands():
    repaired = FaceDecoder(width=0.02, feature_dim=4).upsampling
    before = [type(layer) for layer in repaired].index(Cbam)
    assert sum(isinstance(layer, nn.ConvTranspose2d) for layer in repaired[:before]) == 5
    public = FaceDecoder(width=0.02, feature_dim=4, variant="code").upsampling
    assert isinstance(public[0], Cbam)
    assert isinstance(public[-1], Cbam)


def test_code_is_linear_and_picture_is_in_range():
    network = FaceDecoder(width=0.02, feature_dim=8, code_dim=16).eval()
    features = torch.randn(2, 8)
    assert network.compute_code(features).min() < 0
    picture = network(features)
    assert picture.shape == (2, 3, 224, 224)
    assert 0 <= picture.min() < picture.max() <= 1


def test_a_step_lowers_the_loss(descend):
    network = FaceDecoder(width=0.02, feature_dim=8, code_dim=16)
    features, wanted = torch.randn(2, 8), torch.rand(2, 3, 224, 224)
    before, after = descend(
        lambda: (network(features) - wanted).abs().mean(), network.parameters(), rate=0.01
    )
    assert after < before


def test_bad_variant_is_named():
    with pytest.raises(ValueError, match="variant must be one of code, repaired; got 'paper'"):
        FaceDecoder(variant="paper")
