import os
import threading
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tasks.data.datasets import build_pairs_dataset
from tasks.data.readers import read_index
from tasks.data.streams import ShardDataset, Stream, open_batches

STREAM = Stream(batch_size=6, seed=3, buffer_rows=8)


def open_ids(folder: Path, stream: Stream, **options: Any) -> Any:
    dataset = build_pairs_dataset(folder, stream, columns=["clip_id", "face_feature"])
    return (batch["clip_id"] for batch in open_batches(dataset, **options))


def take_ids(folder: Path, stream: Stream, *, steps: int, **options: Any) -> list[list[str]]:
    return list(islice(open_ids(folder, stream, **options), steps))


def test_each_epoch_holds_every_row_once(pairs: Path) -> None:
    ids = [name for batch in take_ids(pairs, STREAM, steps=19) for name in batch]
    epochs = [ids[start : start + 19] for start in range(0, 6 * 19, 19)]
    assert all(sorted(epoch) == sorted(f"clip{row}" for row in range(19)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 6


@pytest.mark.parametrize("lanes", [1, 2])
def test_workers_change_nothing(pairs: Path, lanes: int) -> None:
    stream = replace(STREAM, lanes=lanes, slice_size=3)
    expected = take_ids(pairs, stream, steps=8)
    assert take_ids(pairs, stream, steps=8, num_workers=2) == expected


def test_workers_do_not_do_what_the_trainer_must_at_exit(pairs: Path) -> None:
    trainer = os.getpid()

    def end() -> None:
        assert os.getpid() == trainer

    threading._register_atexit(end)  # as Prefect's log does
    batches = open_batches(build_pairs_dataset(pairs, STREAM), num_workers=1)
    next(batches)
    workers = batches._workers
    batches._shutdown_workers()
    assert [worker.exitcode for worker in workers] == [0]


@pytest.mark.parametrize("num_workers", [0, 2])
def test_stream_goes_on_from_any_step(pairs: Path, num_workers: int) -> None:
    expected = take_ids(pairs, STREAM, steps=9)[5:]
    assert take_ids(pairs, STREAM, steps=4, start=5, num_workers=num_workers) == expected


@pytest.mark.parametrize("lanes", [1, 2])
def test_ranks_share_each_batch(pairs: Path, lanes: int) -> None:
    stream = replace(STREAM, lanes=lanes, slice_size=3)
    whole = take_ids(pairs, stream, steps=10)
    parts = [take_ids(pairs, replace(stream, rank=r, world=2), steps=10) for r in (0, 1)]
    assert [a + b for a, b in zip(*parts, strict=True)] == whole
    assert {len(batch) for part in parts for batch in part} == {3}


def test_memory_is_bounded(pairs: Path) -> None:
    dataset = build_pairs_dataset(pairs, replace(STREAM, buffer_rows=4))
    cache = dataset.open_cache()
    held = []
    for step in range(19):
        cache.read_rows(dataset.compute_rows(step).tolist())
        held.append(cache.num_rows)
    assert max(held) <= 4 + 2 * 4
    # 6 groups in each of 6 epochs; a group is read once more where epochs meet at most.
    assert cache.num_reads <= 6 * 6 + 6


def test_each_of_two_lanes_reads_about_half(pairs: Path) -> None:
    stream = replace(STREAM, batch_size=2, lanes=2, slice_size=1, buffer_rows=4, world=2)
    reads = []
    for rank in (0, 1):
        dataset = build_pairs_dataset(pairs, replace(stream, rank=rank))
        cache = dataset.open_cache()
        for step in range(9):
            cache.read_rows(dataset.compute_rows(step).tolist())
        reads.append(cache.num_reads)
    assert sum(reads) <= 6 + 3  # 6 groups, one shared at the lanes' border, one for the rest each


def test_opening_leaves_the_global_generator_alone(pairs: Path) -> None:
    before = torch.get_rng_state()
    take_ids(pairs, STREAM, steps=2, num_workers=1)
    assert torch.equal(before, torch.get_rng_state())


def test_batch_larger_than_the_data_is_refused(pairs: Path) -> None:
    with pytest.raises(ValueError, match="19 rows for a batch of 20"):
        build_pairs_dataset(pairs, replace(STREAM, batch_size=20))


def test_batch_that_does_not_split_is_refused(pairs: Path) -> None:
    with pytest.raises(ValueError, match="batch 6 does not split over 4 ranks"):
        build_pairs_dataset(pairs, replace(STREAM, world=4))


def test_unwanted_rows_do_not_come(pairs: Path) -> None:
    wanted = np.arange(19) % 3 == 0
    dataset = ShardDataset(
        read_index(pairs),
        Stream(batch_size=7, seed=0),
        columns=["clip_id"],
        collate=lambda columns, random, share: dict(columns),
        wanted=wanted,
    )
    batch = next(open_batches(dataset))
    assert sorted(batch["clip_id"]) == sorted(f"clip{row}" for row in range(0, 19, 3))
