"""Batches of rows: cut from larger arrays, or in memory that is used again.

A batch of spectrograms takes tens of megabytes. For as much the system hands out fresh pages each
time, and clearing them takes as long as filling them.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import ref

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
# chosen: the batch that a trainer holds while it asks for the next one, that one, and one to spare
MAX_BLOCKS = 3


@dataclass
class Block:
    """Bytes, and the array that was last made of them."""

    content: memoryview
    lent: ref[Array]


class BatchMemory:
    """Arrays for the batches of one column of one reader.

    A block is free when the array made of it is gone. All that shares its memory keeps it alive:
    slices, tensors, what autograd saved. Where no block is free there is a new one, so any number
    of batches may be held; at most MAX_BLOCKS are kept for later ones.
    """

    def __init__(self) -> None:
        self._blocks: list[Block] = []

    def take(self, shape: Sequence[int], dtype: np.dtype[Any]) -> Array:
        """An array of any values."""
        count = math.prod(shape)
        content = self._find(count * dtype.itemsize)
        # Its base is no array, so numpy has every slice refer to it and not past it.
        array: Array = np.frombuffer(content, dtype, count)
        self._blocks = [Block(content, ref(array)), *self._blocks][:MAX_BLOCKS]
        return array.reshape(shape)

    def _find(self, num_bytes: int) -> memoryview:
        """A free block, taken off the list, or a new one."""
        for block in self._blocks:
            if block.lent() is None and len(block.content) >= num_bytes:
                self._blocks.remove(block)
                return block.content
        return np.empty(num_bytes, np.uint8).data


def cut_batches(parts: Iterable[Array], size: int) -> Iterator[Array]:
    """Rows of consecutive arrays [n, ...], `size` at a time; views where one array has them all."""
    waiting: list[Array] = []
    missing = size
    for part in parts:
        while len(part):
            waiting, missing, part = [*waiting, part[:missing]], missing - len(part), part[missing:]
            if missing <= 0:
                yield waiting[0] if len(waiting) == 1 else np.concatenate(waiting)
                waiting, missing = [], size
    if waiting:
        yield np.concatenate(waiting)
