import pytest
import torch
from torch import nn

from models.face_decoder import FaceDecoder
from models.image_losses import compute_decoder_terms


def make_mean_shape(size: float) -> list[tuple[float, float]]:
    """68 spread points as a list of (x, y)."""
    turn = torch.linspace(0.3, 1, 68)
    points = torch.stack(((40 * turn).cos(), (40 * turn).sin()), 1) * turn[:, None] * size * 0.35
    return [(x, y) for x, y in (points + size / 2).tolist()]


def build_tiny(**options: object) -> FaceDecoder:
    return FaceDecoder(
        make_mean_shape(32),
        feature_dim=8,
        code_dim=16,
        landmark_widths=(8,),
        texture_widths=(8, 8, 4, 4, 4),
        base_size=2,
        **options,
    )


def test_parameter_counts(count):
    mean_shape = make_mean_shape(224)
    with torch.device("meta"):
        network = FaceDecoder(mean_shape)
    assert count(network.fc1) == 4_097_000
    assert count(network.landmark_branch) == 678_792
    assert count(network.fc1) + count(network.texture_branch) == 55_424_331
    sizes = [count(layer) for layer in network.texture_branch if count(layer)]
    assert sizes == [50_226_176, 819_328, 204_864, 51_232, 25_632, 99]


def test_layer_sizes(record_shapes):
    mean_shape = make_mean_shape(224)
    with torch.device("meta"):
        network = FaceDecoder(mean_shape)
        shapes = record_shapes(
            network.texture_branch, torch.zeros(1, 1000), kinds=nn.ConvTranspose2d
        )
    wanted = [(128, 28), (64, 56), (32, 112), (32, 224)]
    assert shapes == [(1, width, size, size) for width, size in wanted]


def test_small_features_and_landmarks_start_at_the_mean_shape():
    network = FaceDecoder(make_mean_shape(224), feature_dim=128, texture_widths=(4, 4, 4, 4, 4))
    decoded = network(torch.randn(2, 128))
    assert decoded.picture.shape == decoded.texture.shape == (2, 3, 224, 224)
    assert decoded.landmarks.shape == (2, 68, 2)
    assert (decoded.landmarks - network.mean_landmarks).abs().max() < 2
    assert 0 <= decoded.picture.min() < decoded.picture.max() <= 1


def test_code_is_rectified():
    network = build_tiny()
    code = network.compute_code(torch.randn(50, 8))
    assert code.min() == 0
    assert code.max() > 0


def test_picture_is_the_texture_where_landmarks_are_the_mean():
    network = build_tiny().eval()
    nn.init.zeros_(network.landmark_branch[-1].weight)
    decoded = network(torch.randn(2, 8))
    torch.testing.assert_close(decoded.picture, decoded.texture, atol=1e-4, rtol=0)


def test_landmarks_keep_their_precision_under_autocast():
    network = build_tiny()
    features = torch.randn(2, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        decoded = network(features)
    assert decoded.picture.dtype == decoded.landmarks.dtype == torch.float32
    assert (decoded.landmarks - network(features).landmarks).abs().max() < 0.02


def test_mean_shape_is_saved_with_the_weights():
    saved = build_tiny().state_dict()
    restored = build_tiny()
    restored.mean_landmarks.zero_()
    restored.load_state_dict(saved)
    torch.testing.assert_close(restored.mean_landmarks, torch.tensor(make_mean_shape(32)))


def test_a_step_lowers_coles_loss(descend):
    network, face_network = build_tiny(), nn.Linear(3 * 32 * 32, 8)
    features = torch.randn(2, 8)
    target_landmarks = network.mean_landmarks + torch.randn(2, 68, 2)
    target_texture = torch.rand(2, 3, 32, 32)

    def compute() -> torch.Tensor:
        decoded = network(features)
        terms = compute_decoder_terms(
            landmarks=decoded.landmarks,
            target_landmarks=target_landmarks,
            texture=decoded.texture,
            target_texture=target_texture,
            rendered_feature=face_network(decoded.picture.flatten(1)),
            feature=features,
        )
        return sum(terms.values(), torch.zeros(()))

    before, after = descend(compute, network.parameters())
    assert after < before


def test_pixel_gradients_reach_the_landmark_branch():
    network = build_tiny()
    network(torch.randn(2, 8)).picture.square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in network.landmark_branch.parameters())


def test_wrong_mean_shape_is_refused():
    with pytest.raises(ValueError, match=r"mean_landmarks must be \[N, 2\], got \[2, 3\]"):
        FaceDecoder([(1.0, 2.0, 3.0), (1.0, 2.0, 3.0)])
