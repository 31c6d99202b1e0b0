import pytest
import torch

from models.vgg_face import VggFace, prepare_faces

TINY = {
    "conv_widths": (4, 4, 8, 8, 8),
    "hidden_dim": 16,
    "feature_dim": 12,
    "num_identities": 5,
    "image_size": 32,
}


def test_parameter_counts(count):
    with torch.device("meta"):
        network = VggFace()
    convolutions = sum(
        count(module) for name, module in network.named_children() if name.startswith("conv")
    )
    assert convolutions == 14_714_688
    assert count(network.fc6) == 102_764_544
    assert count(network.fc7) == 16_781_312
    assert count(network.fc8) == 10_742_334
    assert count(network) == 145_002_878


def test_shapes_and_state_keys():
    with torch.device("meta"):
        network = VggFace()
        features = network(torch.zeros(2, 3, 224, 224))
        assert features.shape == (2, 4096)
        assert network.classify(features).shape == (2, 2622)
    lengths = {1: 2, 2: 2, 3: 3, 4: 3, 5: 3}
    names = [f"conv{b}_{i}" for b, length in lengths.items() for i in range(1, length + 1)]
    wanted = [f"{n}.{part}" for n in [*names, "fc6", "fc7", "fc8"] for part in ("weight", "bias")]
    assert list(network.state_dict()) == wanted


def test_fc7_comes_before_its_relu_unless_asked():
    before = VggFace(**TINY).eval()
    after = VggFace(**TINY, features="post_relu").eval()
    after.load_state_dict(before.state_dict())
    faces = torch.randn(3, 3, 32, 32)
    assert before(faces).min() < 0
    torch.testing.assert_close(after(faces), before(faces).clamp_min(0))
    torch.testing.assert_close(before.classify(before(faces)), after.classify(after(faces)))


def test_classifier_is_w8_relu_v_plus_b8():
    network = VggFace(**TINY).eval()
    values = torch.randn(2, 12)
    weight, bias = network.fc8.weight, network.fc8.bias
    for row, logits in zip(values, network.classify(values), strict=True):
        by_hand = [sum(w * max(v, 0) for w, v in zip(ws, row, strict=True)) for ws in weight]
        torch.testing.assert_close(logits, torch.stack(by_hand) + bias)


def test_preparation():
    grey = torch.full((1, 3, 2, 2), 0.5)
    red, green, blue = prepare_faces(grey)[0, :, 0, 0].tolist()
    assert (red, green, blue) == pytest.approx(
        (127.5 - 129.186279, 127.5 - 104.762382, 127.5 - 93.593964), abs=1e-4
    )
    assert torch.equal(prepare_faces(grey, input_scale="unit"), grey)
    with pytest.raises(ValueError, match="input_scale"):
        prepare_faces(grey, input_scale="none")


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="image_size must be a multiple of 32, got 200"):
        VggFace(image_size=200)
    with pytest.raises(ValueError, match="conv_widths must name 5 widths"):
        VggFace(conv_widths=(4, 4))


def test_a_step_lowers_the_loss(descend):
    network = VggFace(**TINY).eval()
    faces, labels = torch.randn(5, 3, 32, 32), torch.arange(5)
    before, after = descend(
        lambda: torch.nn.functional.cross_entropy(network.classify(network(faces)), labels),
        network.parameters(),
        rate=1e-2,
    )
    assert after < before
