"""How fast does a trainer get its rows, against the same bytes read raw?

`python -m benchmarks.reading [--data data/shards/pairs/train] [--batch 32] [--epochs 6]`: CPU
seconds on one thread. The shards are in the system's memory; `raw` reads the columns' bytes of each
row group into one buffer again and again. The shuffled reader is given a buffer of one row group,
so that it reads every group anew in every epoch, as it does where the data set is larger than it.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

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


def measure(read: Callable[[], int], *, epochs: int) -> float:
    """Rows a CPU second; the first epoch does not count."""
    read()
    start, rows = time.process_time(), 0
    for _ in range(epochs):
        rows += read()
    return rows / (time.process_time() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/shards/pairs/train"))
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=6)
    given = parser.parse_args()
    torch.set_num_threads(1)
    index = read_index(given.data, columns=COLUMNS)

    def read_in_order() -> int:
        batches = read_batches(given.data, columns=COLUMNS, batch_size=given.batch)
        return sum(len(batch["face_feature"]) for batch in batches)

    raw = measure(build_raw(index), epochs=given.epochs)
    print(f"{index.num_rows} rows in {len(index.groups)} row groups; batches of {given.batch}")
    print(f"{'raw':10}{raw:9.0f} rows/s")
    readers = {
        "in order": read_in_order,
        "shuffled": build_shuffled(given.data, index, batch=given.batch),
    }
    for name, read in readers.items():
        rate = measure(read, epochs=given.epochs)
        print(f"{name:10}{rate:9.0f} rows/s {rate / raw:6.2f} of raw")


if __name__ == "__main__":
    main()
