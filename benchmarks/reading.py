"""How fast does a trainer get its rows, against the same bytes read raw?

`python -m benchmarks.reading [--data data/shards/pairs/train] [--batch 32] [--epochs 9]`: CPU
seconds on one thread. The shards are in the system's memory; `raw` reads the columns' bytes of each
row group into one buffer again and again. In order, batches are views of the files, so each one
is copied into one buffer, as it is on its way to a device. The shuffled reader is given a buffer of
one row group, so that it reads every group anew in every epoch, as it does where the data set is
larger than it. All take turns; the ratios are of the medians.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch

from tasks.data.datasets import build_pairs_dataset
from tasks.data.readers import ShardIndex, read_batches, read_index
from tasks.data.streams import Stream, open_batches

COLUMNS = ("spectrogram", "face_feature")


def list_chunks(index: ShardIndex) -> Iterator[tuple[Path, int, int]]:
    """File, place and size of every chunk of COLUMNS."""
    for group in index.groups:
        with pq.ParquetFile(group.path) as file:
            row_group = file.metadata.row_group(group.index)
        for number in range(row_group.num_columns):
            chunk = row_group.column(number)
            if chunk.path_in_schema.split(".")[0] in COLUMNS:
                yield group.path, chunk.data_page_offset, chunk.total_compressed_size


def build_raw(index: ShardIndex) -> Callable[[], int]:
    chunks = list(list_chunks(index))
    buffer = memoryview(bytearray(max(size for _, _, size in chunks)))

    def read() -> int:
        for path, place, size in chunks:
            with path.open("rb", buffering=0) as file:
                file.seek(place)
                file.readinto(buffer[:size])
        return index.num_rows

    return read


def build_shuffled(folder: Path, index: ShardIndex, *, batch: int) -> Callable[[], int]:
    rows = max(group.num_rows for group in index.groups)
    dataset = build_pairs_dataset(
        folder, Stream(batch, seed=0, buffer_rows=rows), columns=COLUMNS, dimension=None
    )
    batches = open_batches(dataset)

    def read() -> int:
        steps = max(1, index.num_rows // batch)
        for _ in range(steps):
            next(batches)
        return steps * batch

    return read


def build_ordered(folder: Path, index: ShardIndex, *, batch: int) -> Callable[[], int]:
    first = next(read_batches(folder, columns=COLUMNS, batch_size=batch))
    buffers = {name: np.empty((batch, *v.shape[1:]), v.dtype) for name, v in first.items()}

    def read() -> int:
        for columns in read_batches(folder, columns=COLUMNS, batch_size=batch):
            for name, values in columns.items():
                buffers[name][: len(values)] = values
        return index.num_rows

    return read


def measure(readers: dict[str, Callable[[], int]], *, epochs: int) -> dict[str, float]:
    """Rows a CPU second of each, the median of epochs; the first epoch does not count."""
    rates: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(1 + epochs):
        for name, read in readers.items():
            start = time.process_time()
            rows = read()
            rates[name].append(rows / (time.process_time() - start))
    return {name: statistics.median(values[1:]) for name, values in rates.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/shards/pairs/train"))
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=9)
    given = parser.parse_args()
    torch.set_num_threads(1)
    index = read_index(given.data, columns=COLUMNS)

    readers = {
        "raw": build_raw(index),
        "in order": build_ordered(given.data, index, batch=given.batch),
        "shuffled": build_shuffled(given.data, index, batch=given.batch),
    }
    print(f"{index.num_rows} rows in {len(index.groups)} row groups; batches of {given.batch}")
    rates = measure(readers, epochs=given.epochs)
    for name, rate in rates.items():
        print(f"{name:10}{rate:9.0f} rows/s {rate / rates['raw']:6.2f} of raw")


if __name__ == "__main__":
    main()
