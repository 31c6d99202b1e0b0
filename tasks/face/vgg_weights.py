"""VGG-Face weights, published in three layouts or trained here, as a state of `models.vgg_face`.

Whatever the file, the network reads RGB minus the mean colour of the dag weights (SPEC 3.3):
weights of BGR networks have the input channels of conv1_1 turned round.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import h5py
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from models.vgg_face import BLOCK_LENGTHS, Features, VggFace
from tasks.face.torch7 import Torch7Object, read_torch7

State = dict[str, Tensor]
CONVOLUTIONS = tuple(
    f"conv{block}_{index}"
    for block, length in enumerate(BLOCK_LENGTHS, start=1)
    for index in range(1, length + 1)
)
LAYERS = (*CONVOLUTIONS, "fc6", "fc7", "fc8")
PUBLISHED = (
    "vgg_face_dag.pth (https://www.robots.ox.ac.uk/~albanie/pytorch-models.html), "
    "VGG_FACE.t7 (https://www.robots.ox.ac.uk/~vgg/software/vgg_face/), "
    "rcmalli_vggface_tf_vgg16.h5 (https://github.com/rcmalli/keras-vggface/releases)"
)


def load_vgg_face(path: Path, *, features: Features = "pre_relu") -> VggFace:
    """The network with the file's weights and sizes, frozen, in evaluation mode.

    Raises ValueError if the file is none of the layouts.
    """
    state = read_vgg_state(path)
    network = VggFace(**measure_network(path, state), features=features)
    network.load_state_dict(state, strict=True)
    return network.eval().requires_grad_(False)


def read_vgg_state(path: Path) -> State:
    """`conv1_1.weight` [O, I, 3, 3] RGB to `fc8.bias` [O], float32, by the file's suffix."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ValueError(f"{path}: unknown kind of weights; known are {PUBLISHED}")
    state = reader(path)
    _check_names(path, state)
    return {name: tensor.to(torch.float32).contiguous() for name, tensor in state.items()}


def _check_names(path: Path, state: State) -> None:
    wanted = {f"{layer}.{part}" for layer in LAYERS for part in ("weight", "bias")}
    missing, unknown = sorted(wanted - set(state)), sorted(set(state) - wanted)
    if missing or unknown:
        raise ValueError(f"{path}: not VGG-Face: lacks {missing or '-'}, has {unknown or '-'}")


def measure_network(path: Path, state: State) -> dict[str, Any]:
    """The arguments of VggFace that fit the weights."""
    blocks = range(1, len(BLOCK_LENGTHS) + 1)
    widths = [state[f"conv{block}_1.weight"].shape[0] for block in blocks]
    cells = state["fc6.weight"].shape[1] / widths[-1]
    if not cells or cells != round(cells**0.5) ** 2:
        raise ValueError(f"{path}: fc6 of {tuple(state['fc6.weight'].shape)} fits no square map")
    return {
        "conv_widths": widths,
        "hidden_dim": state["fc6.weight"].shape[0],
        "feature_dim": state["fc7.weight"].shape[0],
        "num_identities": state["fc8.weight"].shape[0],
        "image_size": 32 * round(cells**0.5),
    }


def read_dag(path: Path) -> State:
    """`vgg_face_dag.pth`: the state dict itself, RGB."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, LookupError, UnpicklingError) as error:
        raise ValueError(f"{path}: not a state dict: {error}") from error
    if not isinstance(state, dict):
        raise ValueError(f"{path}: not a state dict but {type(state).__name__}")
    return dict(state)


def read_lua(path: Path) -> State:
    """`VGG_FACE.t7`: modules in order, those with a weight being conv1_1 to fc8; BGR."""
    modules = list(_iterate_modules(read_torch7(path)))
    if len(modules) != len(LAYERS):
        raise ValueError(f"{path}: {len(modules)} layers with weights, not {len(LAYERS)}")
    state: State = {}
    for layer, fields in zip(LAYERS, modules, strict=True):
        bias = torch.from_numpy(np.array(fields["bias"])).flatten()  # [O]
        weight = torch.from_numpy(np.array(fields["weight"]))
        # Some versions of torch7 keep a convolution's kernel as [O, I·3·3].
        shape = (len(bias), -1, 3, 3) if layer in CONVOLUTIONS else (len(bias), -1)
        state |= {f"{layer}.weight": weight.reshape(shape), f"{layer}.bias": bias}
    return _turn_to_rgb(state)


def _iterate_modules(node: Any) -> Iterator[dict[Any, Any]]:
    """Fields of the modules with weights, in the order of the (nested) `modules` tables."""
    if not isinstance(node, Torch7Object):
        return
    if isinstance(node.fields.get("weight"), np.ndarray):
        yield node.fields
    modules = node.fields.get("modules", {})
    for index in sorted(modules):
        yield from _iterate_modules(modules[index])


def read_keras(path: Path) -> State:
    """`rcmalli_vggface_tf_vgg16.h5`: kernels [H, W, I, O], fc6 after an [H, W, C] map; BGR."""
    state: State = {}
    try:
        with h5py.File(path, "r") as file:
            root = file.get("model_weights", file)
            for layer in (name for name in LAYERS if name in root):
                kernel, bias = _read_group(root[layer])
                state |= {f"{layer}.weight": kernel, f"{layer}.bias": bias}
    except OSError as error:
        raise ValueError(f"{path}: not an HDF5 file: {error}") from error
    _check_names(path, state)
    channels = state["conv5_3.bias"].shape[0]
    return _turn_to_rgb(_order_as_torch(state, channels))


def _read_group(group: h5py.Group) -> tuple[Tensor, Tensor]:
    """Kernel and bias, whatever that version of Keras calls them."""
    arrays: list[np.ndarray[Any, Any]] = []
    group.visititems(
        lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None
    )
    kernel, bias = sorted(arrays, key=lambda array: -array.ndim)
    return torch.from_numpy(kernel), torch.from_numpy(bias)


def _order_as_torch(state: State, channels: int) -> State:
    """Axes from TensorFlow's to PyTorch's order."""
    for layer in CONVOLUTIONS:
        state[f"{layer}.weight"] = state[f"{layer}.weight"].permute(3, 2, 0, 1)  # [O, I, H, W]
    num_in, num_out = state["fc6.weight"].shape
    side = round((num_in / channels) ** 0.5)
    grid = state["fc6.weight"].reshape(side, side, channels, num_out)  # [H, W, C, O]
    state["fc6.weight"] = grid.permute(3, 2, 0, 1).reshape(num_out, num_in)  # [O, C·H·W]
    for layer in ("fc7", "fc8"):
        state[f"{layer}.weight"] = state[f"{layer}.weight"].T  # [O, I]
    return state


def _turn_to_rgb(state: State) -> State:
    return {**state, "conv1_1.weight": state["conv1_1.weight"].flip(1)}


def read_trained(path: Path) -> State:
    """`model.safetensors` of stage train_vgg_face: the state dict itself, RGB."""
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path}: not a safetensors file: {error}") from error


READERS: dict[str, Callable[[Path], State]] = {
    ".pth": read_dag,
    ".t7": read_lua,
    ".h5": read_keras,
    ".safetensors": read_trained,
}
