"""Reads the weights of dlib's face detector from dlib's own file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.mmod import MmodNet
from tasks.face.dlib_file import Values, read_tensors, scale_layer

BATCH_NORM_EPSILON = 1e-4  # the file's own


def load_mmod(path: Path) -> MmodNet:
    """The network with the file's weights, frozen; ValueError if it holds another network."""
    network = MmodNet()
    network.load_state_dict(read_mmod_state(path), strict=True)
    return network.eval().requires_grad_(False)


def read_mmod_state(path: Path) -> dict[str, Tensor]:
    """Weights and biases for models.mmod, batch norms folded in."""
    layers = [m for m in MmodNet().layers if isinstance(m, nn.Conv2d)]
    tensors = read_tensors(path, list(_list_shapes(layers)), of="face detector")
    state: dict[str, Tensor] = {}
    for index, layer in enumerate(layers):
        parameters, has_norm = next(tensors), index < len(layers) - 1
        weight = parameters[: layer.weight.numel()].reshape(layer.weight.shape)  # [O, I, 5, 5]
        bias = parameters[layer.weight.numel() :]
        if has_norm:
            weight, bias = _fold_norm(weight, bias, [next(tensors) for _ in range(5)])
        state[f"layers.{2 * index}.weight"] = torch.from_numpy(weight).float()
        state[f"layers.{2 * index}.bias"] = torch.from_numpy(bias).float()
    return state


def _list_shapes(layers: Sequence[nn.Conv2d]) -> Iterator[tuple[int, ...]]:
    """Of each layer's parameters, and of its batch norm's: scale and shift, then four statistics
    of which the last two are the running mean and variance."""
    for index, layer in enumerate(layers):
        yield layer.weight.numel() + layer.out_channels, 1, 1, 1
        if index < len(layers) - 1:
            yield 2 * layer.out_channels, 1, 1, 1
            yield from [(1, layer.out_channels, 1, 1)] * 4


def _fold_norm(weight: Values, bias: Values, norm: Sequence[Values]) -> tuple[Values, Values]:
    """The convolution that gives what the batch norm makes of this one's output."""
    (scale, shift), mean, variance = np.split(norm[0], 2), norm[3], norm[4]
    gain = scale / np.sqrt(variance + BATCH_NORM_EPSILON)  # [O]
    return scale_layer(weight, bias - mean, gain=gain, shift=shift)
