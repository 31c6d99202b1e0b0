"""Reads tensors from the files in which dlib keeps networks.

dlib writes a tensor as five integers (2 for the layout, then samples, channels, rows, columns),
each a byte with its length and that many bytes, then its float32 values. A network's tensors are
found by these sizes in the order in which they are applied; what stands between, the trainer's
settings and empty gradients, is passed over.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LAYOUT = 2
Values = NDArray[np.float64]


def read_tensors(path: Path, shapes: Sequence[tuple[int, ...]], *, of: str) -> Iterator[Values]:
    """Flat, one after the other; ValueError, naming what the file should be `of`, if one is not
    there."""
    content, place = path.read_bytes(), 0
    for shape in shapes:
        header = b"".join(_encode(number) for number in (LAYOUT, *shape))
        place = content.find(header, place) + len(header)
        size = 4 * int(np.prod(shape))
        if place < len(header) or place + size > len(content):
            raise ValueError(f"{path}: not dlib's {of}: no tensor of {shape}")
        yield np.frombuffer(content, "<f4", size // 4, place).astype(np.float64)
        place += size


def scale_layer(
    weight: Values, bias: Values, *, gain: Values, shift: Values
) -> tuple[Values, Values]:
    """The convolution [O, I, k, k] that gives this one's output times `gain` plus `shift` [O]."""
    return weight * gain[:, None, None, None], bias * gain + shift


def _encode(number: int) -> bytes:
    """A positive integer as dlib writes it."""
    length = (number.bit_length() + 7) // 8
    return bytes([length]) + number.to_bytes(length, "little")
