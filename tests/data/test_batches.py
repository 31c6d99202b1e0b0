from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tasks.data.batches import MAX_BLOCKS, BatchMemory, cut_batches
from tasks.data.datasets import build_pairs_dataset
from tasks.data.streams import Stream, open_batches

STEPS = 12
HALF = np.dtype("<f2")


def place(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def test_memory_of_a_batch_that_is_gone_is_used_again() -> None:
    memory = BatchMemory()
    first = memory.take((4, 1000), HALF)
    where = place(first)
    del first
    smaller = memory.take((3, 1000), HALF)
    assert (place(smaller), smaller.shape, smaller.dtype) == (where, (3, 1000), HALF)


@pytest.mark.parametrize(
    "keep",
    [
        lambda batch: batch,
        lambda batch: batch[1:2].reshape(2, -1).T,
        lambda batch: torch.from_numpy(batch)[0, 3:],
        lambda batch: torch.from_numpy(batch).view(torch.int16).detach(),
        memoryview,
    ],
)
def test_memory_that_is_in_use_is_left_alone(keep: Callable[[np.ndarray], Any]) -> None:
    memory = BatchMemory()
    batch = memory.take((4, 1000), HALF)
    batch[:] = 7
    kept = keep(batch)
    del batch
    for _ in range(2 * MAX_BLOCKS):
        memory.take((4, 1000), HALF)[:] = 9
    values = np.asarray(kept).view(HALF)
    assert (values == 7).all()


def test_what_autograd_saved_is_left_alone() -> None:
    memory = BatchMemory()
    batch = memory.take((2, 3), np.dtype(np.float32))
    batch[:] = 5
    weight = torch.ones(3, requires_grad=True)
    loss = (torch.from_numpy(batch) * weight).sum()
    del batch
    memory.take((2, 3), np.dtype(np.float32))[:] = 100
    loss.backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [10, 10, 10]


def test_any_number_of_batches_may_be_held_and_few_are_kept() -> None:
    memory = BatchMemory()
    held = [memory.take((5,), HALF) for _ in range(10)]
    assert len({place(batch) for batch in held}) == 10
    assert len(memory._blocks) == MAX_BLOCKS


@pytest.mark.parametrize("num_workers", [0, 2])
def test_batches_that_a_trainer_holds_stay_as_they_came(pairs: Path, num_workers: int) -> None:
    dataset = build_pairs_dataset(pairs, Stream(4, seed=1, buffer_rows=8))
    batches = open_batches(dataset, num_workers=num_workers)
    # As where gradients are accumulated: several batches at once.
    held, copies = [], []
    for batch in islice(batches, STEPS):
        held.append(batch["spectrogram"])
        copies.append(batch["spectrogram"].clone())
    assert all(torch.equal(a, b) for a, b in zip(held, copies, strict=True))
    assert len({tensor.data_ptr() for tensor in held}) == STEPS


def test_one_batch_at_a_time_takes_the_memory_of_few(pairs: Path) -> None:
    batches = open_batches(build_pairs_dataset(pairs, Stream(4, seed=1, buffer_rows=8)))
    places = {next(batches)["spectrogram"].data_ptr() for _ in range(STEPS)}
    assert len(places) <= MAX_BLOCKS


def test_rows_of_one_part_are_views_and_others_are_joined() -> None:
    rows = np.arange(33).reshape(11, 3)
    batches = list(cut_batches(iter([rows[:4], rows[4:5], rows[5:]]), 2))
    assert [len(batch) for batch in batches] == [2, 2, 2, 2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(batches), rows)
    assert [np.shares_memory(batch, rows) for batch in batches[:4]] == [True, True, False, True]
