"""Streams the final data sets to a trainer: shuffled, split over workers and ranks, resumable.

A stream never ends: epoch follows epoch, and a batch may straddle their border. So each row comes
exactly once per epoch, every batch is full, and all ranks take the same number of steps; nothing is
dropped or padded. Step s is the same rows for any number of workers and ranks.
"""

import copy
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from multiprocessing.util import Finalize
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Generator
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from tasks.data.augment import Share
from tasks.data.batches import BatchMemory
from tasks.data.columns import Columns
from tasks.data.orders import Rows, build_generator, compute_order
from tasks.data.readers import ShardIndex, read_group

# Column name to a tensor [B, ...], or to a list of B strings.
Batch = dict[str, Any]
Collate = Callable[[Columns, Generator, Share], Batch]

AFTER_QUEUES = -10  # multiprocessing's own end at -5
BUFFER_ROWS = 1024  # chosen: 16 row groups, 630 MB of pairs mapped into each reader


@dataclass(frozen=True)
class Stream:
    """How a data set is laid out in steps.

    `batch_size` counts all ranks. `buffer_rows` bounds what a reader holds. Readers (one per rank
    and worker) read different row groups if `lanes` is their number and `slice_size` (None: the
    batch) what each takes at once; the order of rows depends on these two, not on the readers.
    """

    batch_size: int
    seed: int
    buffer_rows: int = BUFFER_ROWS
    lanes: int = 1
    slice_size: int | None = None
    rank: int = 0
    world: int = 1

    @property
    def share(self) -> Share:
        size = self.batch_size // self.world
        return Share(self.rank * size, size, self.batch_size)


class GroupCache:
    """The row groups last used, at most `max_rows` rows of them (but always one group)."""

    def __init__(self, index: ShardIndex, columns: Sequence[str], *, max_rows: int) -> None:
        self._index, self._columns, self._max_rows = index, columns, max_rows
        self._groups: OrderedDict[int, Columns] = OrderedDict()
        self._first_rows = np.array([group.first_row for group in index.groups])
        self._memory = {name: BatchMemory() for name in columns}
        self.num_rows = 0
        self.num_reads = 0

    def read_rows(self, rows: Sequence[int]) -> Columns:
        """Copies rows into arrays [B, ...]; cells that vary in shape into lists of B."""
        numbers = np.searchsorted(self._first_rows, rows, side="right") - 1
        places = np.asarray(rows) - self._first_rows[numbers]
        cells = [
            (self._find(number), place)
            for number, place in zip(numbers.tolist(), places.tolist(), strict=True)
        ]
        return {name: _gather(cells, name, memory) for name, memory in self._memory.items()}

    def _find(self, number: int) -> Columns:
        if number not in self._groups:
            self._load(number)
        self._groups.move_to_end(number)
        return self._groups[number]

    def _load(self, number: int) -> None:
        group = self._index.groups[number]
        self.num_rows += group.num_rows
        while self._groups and self.num_rows > self._max_rows:
            oldest, _ = self._groups.popitem(last=False)
            self.num_rows -= self._index.groups[oldest].num_rows
        self._groups[number] = read_group(group, columns=self._columns, schema=self._index.schema)
        self.num_reads += 1


def _gather(
    cells: Sequence[tuple[Columns, int]], name: str, memory: BatchMemory
) -> npt.NDArray[Any] | list[Any]:
    first = cells[0][0][name]
    if not isinstance(first, np.ndarray) or first.dtype == object:
        return [columns[name][place] for columns, place in cells]
    rows = memory.take((len(cells), *first.shape[1:]), first.dtype)  # [B, ...]
    for number, (columns, place) in enumerate(cells):
        rows[number] = columns[name][place]
    return rows


class ShardDataset(IterableDataset[Batch]):
    """Batches of one rank, from step `start` on, without end.

    `wanted` (bool [N]) selects rows. ValueError if a global batch is larger than the data set or
    does not split over the ranks.
    """

    def __init__(
        self,
        index: ShardIndex,
        stream: Stream,
        *,
        columns: Sequence[str],
        collate: Collate,
        wanted: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        self.index, self.stream, self.start = index, stream, 0
        self._columns, self._collate = tuple(columns), collate
        self._rows = _list_rows(index, wanted)
        self._orders: dict[int, Rows] = {}
        self.num_rows = sum(len(rows) for rows in self._rows)
        _check_stream(index, stream, num_rows=self.num_rows)

    @property
    def steps_per_epoch(self) -> float:
        return self.num_rows / self.stream.batch_size

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        first, stride = (0, 1) if worker is None else (worker.id, worker.num_workers)
        cache = self.open_cache()
        for step in count(self.start + first, stride):
            yield self._read(step, cache)  # held by no name here, so that its memory is free soon

    def _read(self, step: int, cache: GroupCache) -> Batch:
        columns = cache.read_rows(self.compute_rows(step).tolist())
        return self._collate(columns, build_generator(self.stream.seed, step), self.stream.share)

    def open_cache(self) -> GroupCache:
        """Room for the buffer and, in each lane, a group that reaches beyond either end of it."""
        largest = max(group.num_rows for group in self.index.groups)
        max_rows = self.stream.buffer_rows + 2 * largest * self.stream.lanes
        return GroupCache(self.index, self._columns, max_rows=max_rows)

    def compute_rows(self, step: int) -> Rows:
        """Row numbers of this rank's part of a step."""
        share = self.stream.share
        first = step * self.stream.batch_size + share.first
        places = np.arange(first, first + share.count)
        epochs, within = places // self.num_rows, places % self.num_rows
        parts = [self._order(epoch)[within[epochs == epoch]] for epoch in np.unique(epochs)]
        return np.concatenate(parts)

    def _order(self, epoch: int) -> Rows:
        if epoch not in self._orders:
            order = compute_order(
                self._rows,
                [group.num_rows for group in self.index.groups],
                seed=self.stream.seed,
                epoch=int(epoch),
                buffer_rows=self.stream.buffer_rows,
                lanes=self.stream.lanes,
                slice_size=1
                if self.stream.lanes == 1
                else self.stream.slice_size or self.stream.batch_size,
                offset=int(epoch) * self.num_rows,
            )
            before = {e: rows for e, rows in self._orders.items() if e == epoch - 1}
            self._orders = before | {epoch: order}
        return self._orders[epoch]


def _list_rows(index: ShardIndex, wanted: npt.NDArray[np.bool_] | None) -> list[Rows]:
    rows = [np.arange(g.first_row, g.first_row + g.num_rows) for g in index.groups]
    return rows if wanted is None else [group[wanted[group]] for group in rows]


def _check_stream(index: ShardIndex, stream: Stream, *, num_rows: int) -> None:
    if stream.batch_size > num_rows:
        raise ValueError(f"{index.folder}: {num_rows} rows for a batch of {stream.batch_size}")
    if stream.batch_size % stream.world:
        raise ValueError(f"batch {stream.batch_size} does not split over {stream.world} ranks")


def open_batches(
    dataset: ShardDataset, *, start: int = 0, num_workers: int = 0, pin_memory: bool = False
) -> Iterator[Batch]:
    """Batches from step `start` on; draws nothing from torch's global generator.

    Workers start afresh: forked, they would inherit what the trainer's threads hold and must do.
    """
    from_start = copy.copy(dataset)
    from_start.start = start
    loader = DataLoader(
        from_start,
        batch_size=None,
        num_workers=num_workers,
        multiprocessing_context="spawn" if num_workers else None,
        pin_memory=pin_memory,
        generator=Generator(),
        worker_init_fn=_prepare_worker if num_workers else None,
    )
    return iter(loader)


def _prepare_worker(_: int) -> None:
    # A signal to the trainer's process group is for the trainer, which still needs its workers.
    os.setpgrp()
    # After a worker's last batch libraries end threads and may abort: that would count as a crash.
    Finalize(None, os._exit, args=(0,), exitpriority=AFTER_QUEUES)
