import pytest
import torch
from torch import nn

from models.ar_spm import GenderClassifier, SpeechEncoder

# Frequency x time after each convolution and pool for 257 x 598, SPEC 3.5.
SIZES = [
    *((127, 297), (63, 148), (31, 73), (15, 36), (15, 36), (15, 36), (15, 36), (4, 17)),
]


def test_parameter_counts(count):
    with torch.device("meta"):
        network = SpeechEncoder()
        rows = SpeechEncoder(fc1="rows")
        gender = GenderClassifier()
    assert count(network) == 22_965_316
    assert count(network.features) == 4_046_400 + 2_944
    assert count(network.cbam) == 33_412
    assert count(network.fc1) == 2_101_248
    assert count(network.fc2) == 16_781_312
    assert count(rows.fc1) == 8_392_704
    assert count(gender) == 1_635_553
    assert gender.fc1.in_features == 2560


def test_layer_sizes(record_shapes):
    kinds = (nn.Conv2d, nn.MaxPool2d)
    with torch.device("meta"):
        network = SpeechEncoder()
        shapes = record_shapes(network, torch.zeros(1, 2, 598, 257), kinds=kinds)
        assert network(torch.zeros(1, 2, 598, 257)).shape == (1, 4096)
    assert [shape[2:] for shape in shapes[: len(SIZES)]] == SIZES
    assert shapes[-1] == (1, 4096, 4, 17)


def test_gender_grid_at_six_seconds(record_shapes):
    with torch.device("meta"):
        network, voices = GenderClassifier(), torch.zeros(2, 2, 598, 257)
        shapes = record_shapes(network, voices, kinds=nn.MaxPool2d)
        assert network(voices).shape == (2,)
    assert shapes[-1] == (2, 256, 2, 5)


def test_fusions():
    voices, prior = torch.randn(2, 2, 80, 257), torch.randn(8)
    networks = {
        fusion: SpeechEncoder(feature_dim=8, width=0.05, fusion=fusion).eval()
        for fusion in ("non-prior", "sum", "fc")
    }
    for network in networks.values():
        network.load_state_dict(networks["non-prior"].state_dict())
    plain = networks["non-prior"](voices)
    fc2 = networks["non-prior"].fc2
    torch.testing.assert_close(networks["sum"](voices, prior), plain + prior)
    # Fc2 is linear, so a prior in front of it moves the result by W prior.
    torch.testing.assert_close(networks["fc"](voices, prior), plain + fc2.weight @ prior)
    by_voice = torch.stack((prior, -prior))
    torch.testing.assert_close(networks["sum"](voices, by_voice), plain + by_voice)


def test_rows_keep_negative_values_and_mix_frequency():
    network = SpeechEncoder(feature_dim=8, width=0.05, fc1="rows").eval()
    maps = torch.randn(1, network.fc1.in_channels, 4, 17)
    assert network.fc1(maps).shape == (1, 8, 1, 17)
    assert network.fc1(maps).min() < 0


def test_a_prior_has_to_fit_the_fusion():
    voices = torch.randn(2, 2, 80, 257)
    with pytest.raises(ValueError, match="fusion 'sum' was given no prior"):
        SpeechEncoder(feature_dim=8, width=0.05, fusion="sum").eval()(voices)
    with pytest.raises(ValueError, match="fusion 'non-prior' was given a prior"):
        SpeechEncoder(feature_dim=8, width=0.05).eval()(voices, torch.zeros(8))


@pytest.mark.parametrize(
    ("build", "frames"),
    [(lambda: SpeechEncoder(feature_dim=8, width=0.05), 65), (GenderClassifier, 70)],
)
def test_shortest_length(build, frames):
    network = build().eval()
    assert network(torch.randn(1, 2, frames, 257)).isfinite().all()
    with pytest.raises(ValueError, match=f"at least {frames} frames, got {frames - 1}"):
        network(torch.randn(1, 2, frames - 1, 257))
    # The layers themselves cannot read one frame less.
    with pytest.raises(RuntimeError):
        network.features(torch.randn(1, 2, 257, frames - 1))


def test_a_step_lowers_the_losses(descend):
    voices = torch.randn(4, 2, 80, 257)
    encoder = SpeechEncoder(feature_dim=8, width=0.1)
    wanted = torch.randn(4, 8)
    before, after = descend(lambda: (encoder(voices) - wanted).square().sum(), encoder.parameters())
    assert after < before
    classifier = GenderClassifier(width=0.1).eval()
    labels = torch.tensor([0.0, 1.0, 0.0, 1.0])
    before, after = descend(
        lambda: nn.functional.binary_cross_entropy_with_logits(classifier(voices), labels),
        classifier.parameters(),
        rate=1e-2,
    )
    assert after < before
