"""The three layouts, against a forward pass in NumPy that reads each as its publisher did."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from models.vgg_face import VggFace
from tasks.face.encoders import load_encoder
from tasks.face.vgg_weights import CONVOLUTIONS, LAYERS, load_vgg_face

SIZES = {
    "conv_widths": (3, 4, 4, 5, 5),
    "hidden_dim": 12,
    "feature_dim": 9,
    "num_identities": 6,
    "image_size": 224,
}
MEAN_BGR = np.array((93.593964, 104.762382, 129.186279))
NAMES = ("vgg_face_dag.pth", "VGG_FACE.t7", "rcmalli_vggface_tf_vgg16.h5")


@pytest.fixture(scope="module")
def keras_arrays() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernels [H, W, I, O] or [I, O] and biases of a BGR network, with activations that live."""
    rng = np.random.default_rng(3)
    arrays, num_in = {}, 3
    widths = dict(zip("12345", SIZES["conv_widths"], strict=True))
    for layer in CONVOLUTIONS:
        num_out = widths[layer[4]]
        kernel = rng.normal(0, (2 / (9 * num_in)) ** 0.5, (3, 3, num_in, num_out))
        arrays[layer], num_in = (kernel, rng.normal(0, 0.1, num_out)), num_out
    for layer, before, after in (("fc6", 7 * 7 * 5, 12), ("fc7", 12, 9), ("fc8", 9, 6)):
        kernel = rng.normal(0, (2 / before) ** 0.5, (before, after))
        arrays[layer] = (kernel, rng.normal(0, 0.1, after))
    return {name: (k.astype("<f4"), b.astype("<f4")) for name, (k, b) in arrays.items()}


def compute_fc7(arrays, faces: np.ndarray) -> np.ndarray:
    """Channels last, BGR, float64."""
    maps = faces[..., ::-1].astype(np.float64) - MEAN_BGR
    for index, layer in enumerate(CONVOLUTIONS):
        kernel, bias = arrays[layer]
        padded = np.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)))
        height, width = maps.shape[1:3]
        shifts = [(i, j) for i in range(3) for j in range(3)]
        maps = bias + sum(
            padded[:, i : i + height, j : j + width] @ kernel[i, j] for i, j in shifts
        )
        maps = np.maximum(maps, 0)
        if index in (1, 3, 6, 9, 12):
            count, height, width, depth = maps.shape
            maps = maps.reshape(count, height // 2, 2, width // 2, 2, depth).max(axis=(2, 4))
    flat = maps.reshape(len(maps), -1)
    hidden = np.maximum(flat @ arrays["fc6"][0] + arrays["fc6"][1], 0)
    return hidden @ arrays["fc7"][0] + arrays["fc7"][1]


def to_lua(arrays) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights [O, I, H, W] and [O, I] of the same BGR network, channels first."""
    layers = [(arrays[name][0].transpose(3, 2, 0, 1), arrays[name][1]) for name in CONVOLUTIONS]
    fc6 = arrays["fc6"][0].reshape(7, 7, 5, 12).transpose(3, 2, 0, 1).reshape(12, 245)
    layers.append((fc6, arrays["fc6"][1]))
    return [*layers, *((arrays[name][0].T, arrays[name][1]) for name in ("fc7", "fc8"))]


def write_dag(path: Path, arrays) -> None:
    state = {}
    for name, (weight, bias) in zip(LAYERS, to_lua(arrays), strict=True):
        rgb = weight[:, ::-1] if name == "conv1_1" else weight
        state[f"{name}.weight"] = torch.from_numpy(np.ascontiguousarray(rgb))
        state[f"{name}.bias"] = torch.from_numpy(bias)
    torch.save(state, path)


def write_lua(path: Path, arrays, lua) -> None:
    modules = []
    for index, (weight, bias) in enumerate(to_lua(arrays)):
        # As SpatialConvolutionMM keeps them: [O, I·3·3].
        flat = np.ascontiguousarray(weight.reshape(len(bias), -1))
        name = "nn.SpatialConvolutionMM" if index < len(CONVOLUTIONS) else "nn.Linear"
        modules += [lua.Object(name, {"weight": flat, "bias": bias}), lua.Object("nn.ReLU", {})]
    table = {float(index): module for index, module in enumerate(modules, start=1)}
    path.write_bytes(lua.dump(lua.Object("nn.Sequential", {"modules": table, "train": False})))


def write_keras(path: Path, arrays) -> None:
    with h5py.File(path, "w") as file:
        for name, (kernel, bias) in arrays.items():
            file[f"{name}/{name}/kernel:0"], file[f"{name}/{name}/bias:0"] = kernel, bias
        file.create_group("pool1")


@pytest.fixture(scope="module")
def weights(tmp_path_factory, keras_arrays, lua) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    write_dag(folder / NAMES[0], keras_arrays)
    write_lua(folder / NAMES[1], keras_arrays, lua)
    write_keras(folder / NAMES[2], keras_arrays)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_every_layout_gives_the_features_its_publisher_meant(weights, keras_arrays, name):
    faces = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    encoder = load_encoder("vgg_face", weights=weights / name, sha256=None, device="cpu")
    features = encoder.encode(faces)
    assert (encoder.name, encoder.dimension) == ("vgg_face", 9)
    assert (features.shape, features.dtype) == ((2, 9), np.float32)
    wanted = compute_fc7(keras_arrays, faces)
    assert (wanted < 0).any()
    np.testing.assert_allclose(features, wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())


def test_loaded_networks_are_frozen_and_take_the_files_sizes(weights):
    network = load_vgg_face(weights / NAMES[0])
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert network.fc8.out_features == 6
    assert network.conv3_1.in_channels == 4


def test_a_later_keras_file_has_its_weights_one_level_down(tmp_path, keras_arrays, weights):
    with h5py.File(tmp_path / "model.h5", "w") as file:
        for name, (kernel, bias) in keras_arrays.items():
            group = f"model_weights/{name}"
            file[f"{group}/{name}_W_1:0"], file[f"{group}/{name}_b_1:0"] = kernel, bias
    state = load_vgg_face(tmp_path / "model.h5").state_dict()
    for name, tensor in load_vgg_face(weights / NAMES[0]).state_dict().items():
        torch.testing.assert_close(state[name], tensor)


def test_other_networks_and_files_are_refused(tmp_path, weights):
    state = VggFace(**SIZES).state_dict()
    state.pop("fc7.bias")
    torch.save({**state, "extra": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"lacks \['fc7\.bias'\], has \['extra'\]"):
        load_vgg_face(tmp_path / "other.pth")
    for name in ("text.pth", "text.t7", "text.h5"):
        (tmp_path / name).write_text("these are no weights")
        with pytest.raises(ValueError, match=name):
            load_vgg_face(tmp_path / name)
    (tmp_path / "weights.bin").write_bytes(b"")
    with pytest.raises(ValueError, match="vgg_face_dag"):
        load_vgg_face(tmp_path / "weights.bin")


def test_a_file_that_wants_to_run_code_is_refused(tmp_path):
    torch.save({"conv1_1.weight": Path("x")}, tmp_path / "evil.pth")
    with pytest.raises(ValueError, match="evil"):
        load_vgg_face(tmp_path / "evil.pth")


def test_a_lua_network_with_too_few_layers_is_refused(tmp_path, lua):
    layer = lua.Object("nn.Linear", {"weight": np.ones((1, 1), "<f4"), "bias": np.ones(1, "<f4")})
    content = lua.dump(lua.Object("nn.Sequential", {"modules": {1.0: layer}}))
    (tmp_path / "short.t7").write_bytes(content)
    with pytest.raises(ValueError, match="1 layers with weights, not 16"):
        load_vgg_face(tmp_path / "short.t7")
