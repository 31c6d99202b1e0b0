"""Reads the weights of dlib's face descriptor network from dlib's own file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.dlib_resnet import DlibResnetNet
from tasks.face.dlib_file import read_tensors, scale_layer


def load_resnet(path: Path) -> DlibResnetNet:
    """The network with the file's weights, frozen; ValueError if it holds another network."""
    network = DlibResnetNet()
    network.load_state_dict(read_resnet_state(path), strict=True)
    return network.eval().requires_grad_(False)


def read_resnet_state(path: Path) -> dict[str, Tensor]:
    """Weights and biases for models.dlib_resnet, scales and shifts folded in."""
    network = DlibResnetNet()
    convolutions = [(n, m) for n, m in network.named_modules() if isinstance(m, nn.Conv2d)]
    rows = (network.fc.in_features, network.fc.out_features, 1, 1)
    shapes = [shape for _, layer in convolutions for shape in _list_shapes(layer)]
    tensors = read_tensors(path, [*shapes, rows], of="face descriptor network")
    state: dict[str, Tensor] = {}
    for name, layer in convolutions:
        parameters, (gain, shift) = next(tensors), np.split(next(tensors), 2)
        weight = parameters[: layer.weight.numel()].reshape(layer.weight.shape)  # [O, I, k, k]
        bias = parameters[layer.weight.numel() :]
        weight, bias = scale_layer(weight, bias, gain=gain, shift=shift)
        state[f"{name}.weight"] = torch.from_numpy(weight).float()
        state[f"{name}.bias"] = torch.from_numpy(bias).float()
    matrix = next(tensors).reshape(rows[:2])  # [in, out]
    state["fc.weight"] = torch.from_numpy(matrix.T.copy()).float()
    return state


def _list_shapes(layer: nn.Conv2d) -> Iterator[tuple[int, ...]]:
    """Of a convolution's parameters, then of the scale and shift that follow it."""
    yield layer.weight.numel() + layer.out_channels, 1, 1, 1
    yield 2 * layer.out_channels, 1, 1, 1
