import pytest
import torch
from torch import nn

from models.speech2face import VoiceEncoder, compute_num_rows

# Time x frequency after each convolution and pool for 598 x 257, SPEC 3.2.
SIZES = [
    *((595, 254), (592, 251), (589, 248), (294, 248), (291, 245), (145, 245), (142, 242)),
    *((71, 242), (68, 239), (34, 239), (31, 236), (14, 117), (6, 57)),
]


def test_parameter_counts(count):
    with torch.device("meta"):
        network = VoiceEncoder()
        bare = VoiceEncoder(batch_norm=False)
    assert count(network) == 148_062_976
    assert count(network.fc1) == 119_541_760
    assert network.fc1.in_features == 29_184
    norms = 2 * (64 + 64 + 3 * 128 + 256 + 3 * 512)
    assert count(bare) == 148_062_976 - norms
    buffers = sum(b.numel() for b in network.buffers() if b.ndim)
    assert count(network) + buffers == 148_067_584


def test_layer_sizes(record_shapes):
    kinds = (nn.Conv2d, nn.MaxPool2d)
    with torch.device("meta"):
        network = VoiceEncoder()
        shapes = record_shapes(network, torch.zeros(2, 2, 598, 257), kinds=kinds)
        assert network(torch.zeros(2, 2, 598, 257)).shape == (2, 4096)
    assert [shape[2:] for shape in shapes[: len(SIZES)]] == SIZES
    assert compute_num_rows(257) == 57


@pytest.mark.parametrize(("frames", "steps"), [(259, 1), (298, 1), (598, 6), (998, 12)])
def test_any_length_from_259_frames(frames, steps, record_shapes):
    with torch.device("meta"):
        network = VoiceEncoder(width=0.05, feature_dim=8)
        shapes = record_shapes(network, torch.zeros(1, 2, frames, 257), kinds=nn.Conv2d)
    assert shapes[-1][2:] == (steps, 57)


def test_order_is_convolution_relu_norm():
    kinds = [type(layer).__name__ for layer in VoiceEncoder(width=0.05).features[6:10]]
    assert kinds == ["Conv2d", "ReLU", "BatchNorm2d", "MaxPool2d"]


def test_too_few_frames_and_other_shapes_are_refused():
    network = VoiceEncoder(width=0.05, feature_dim=8)
    with pytest.raises(ValueError, match="at least 259 frames, got 258"):
        network(torch.zeros(1, 2, 258, 257))
    with pytest.raises(ValueError, match=r"\[B, 2, T, 257\], got \[1, 2, 257, 598\]"):
        network(torch.zeros(1, 2, 257, 598))
    with pytest.raises(ValueError, match="width must be above 0"):
        VoiceEncoder(width=0)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_step_lowers_the_loss(batch_norm, descend):
    network = VoiceEncoder(width=0.03, feature_dim=8, batch_norm=batch_norm)
    voices, wanted = torch.randn(2, 2, 259, 257), torch.randn(2, 8)
    before, after = descend(
        lambda: (network(voices) - wanted).square().sum(), network.parameters(), rate=1e-4
    )
    assert after < before


def test_time_is_averaged_before_relu_and_norm():
    network = VoiceEncoder(width=0.03, feature_dim=8).eval()
    voices = torch.randn(1, 2, 400, 257)
    maps = network.last_conv(network.features(voices))
    assert maps.shape[2] > 1
    rows = network.last_norm(torch.relu(maps.mean(dim=2)))
    flat = torch.stack([rows[:, c, f] for c in range(rows.shape[1]) for f in range(57)], dim=1)
    torch.testing.assert_close(network(voices), network.fc2(torch.relu(network.fc1(flat))))
