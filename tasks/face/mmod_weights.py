"""Reads the weights of dlib's face detector from dlib's own file.

dlib writes a tensor as five integers (2 for the layout, then samples, channels, rows, columns),
each a byte with its length and that many bytes, then its float32 values. The network's tensors are
found by these sizes in the order in which they are applied; what stands between, the trainer's
settings and empty gradients, is passed over.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.mmod import MmodNet

LAYOUT = 2
BATCH_NORM_EPSILON = 1e-4  # the file's own
Values = NDArray[np.float64]


def load_mmod(path: Path) -> MmodNet:
    """The network with the file's weights, frozen; ValueError if it holds another network."""
    network = MmodNet()
    network.load_state_dict(read_mmod_state(path), strict=True)
    return network.eval().requires_grad_(False)


def read_mmod_state(path: Path) -> dict[str, Tensor]:
    """Weights and biases for models.mmod, batch norms folded in."""
    layers = [m for m in MmodNet().layers if isinstance(m, nn.Conv2d)]
    tensors = _read_tensors(path, list(_list_shapes(layers)))
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


def _read_tensors(path: Path, shapes: Sequence[tuple[int, ...]]) -> Iterator[Values]:
    content, place = path.read_bytes(), 0
    for shape in shapes:
        header = b"".join(_encode(number) for number in (LAYOUT, *shape))
        place = content.find(header, place) + len(header)
        size = 4 * int(np.prod(shape))
        if place < len(header) or place + size > len(content):
            raise ValueError(f"{path}: not dlib's face detector: no tensor of {shape}")
        yield np.frombuffer(content, "<f4", size // 4, place).astype(np.float64)
        place += size


def _encode(number: int) -> bytes:
    """A positive integer as dlib writes it."""
    length = (number.bit_length() + 7) // 8
    return bytes([length]) + number.to_bytes(length, "little")


def _fold_norm(weight: Values, bias: Values, norm: Sequence[Values]) -> tuple[Values, Values]:
    """The convolution that gives what the batch norm makes of this one's output."""
    (scale, shift), mean, variance = np.split(norm[0], 2), norm[3], norm[4]
    gain = scale / np.sqrt(variance + BATCH_NORM_EPSILON)  # [O]
    return weight * gain[:, None, None, None], (bias - mean) * gain + shift
