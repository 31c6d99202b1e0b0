import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from scipy.special import expit

from models.cbam import Cbam


def test_parameter_counts(count):
    module = Cbam(512)
    assert count(module.channel) == 33_312
    assert count(module.spatial) == 98 + 2
    assert count(module) == 33_412
    public = 512 * 128 + 128 + 128 * 512 + 512 + 2 * 9 + 1
    assert count(Cbam(512, variant="ar_spm")) == public


@pytest.mark.parametrize("variant", ["cbam", "ar_spm"])
def test_both_attentions_by_hand(variant):
    module = Cbam(32, variant=variant).double().eval()
    maps = torch.randn(1, 32, 9, 7, dtype=torch.float64)
    found = module(maps).detach().numpy()[0]
    x = maps.numpy()[0]
    first, second = (
        (layer.weight.detach().numpy(), layer.bias.detach().numpy())
        for layer in (module.channel[0], module.channel[2])
    )

    def mix(values):
        return second[0] @ np.maximum(first[0] @ values + first[1], 0) + second[1]

    x = x * expit(mix(x.mean((1, 2))) + mix(x.max((1, 2))))[:, None, None]
    pooled = [x.max(0), x.mean(0)] if variant == "cbam" else [x.mean(0), x.max(0)]
    convolution = module.spatial[0] if variant == "cbam" else module.spatial
    kernels = convolution.weight.detach().numpy()[0]
    spatial = sum(correlate2d(m, k, mode="same") for m, k in zip(pooled, kernels, strict=True))
    if variant == "cbam":
        spatial = spatial / np.sqrt(1 + 1e-5)
    else:
        spatial = spatial + convolution.bias.item()
    np.testing.assert_allclose(found, x * expit(spatial), rtol=1e-9)


def test_spatial_norm_has_the_authors_momentum():
    assert Cbam(16).spatial[1].momentum == 0.01


def test_few_channels_and_bad_variant():
    assert Cbam(4)(torch.randn(2, 4, 5, 5)).shape == (2, 4, 5, 5)
    with pytest.raises(ValueError, match="variant must be one of ar_spm, cbam"):
        Cbam(4, variant="code")
