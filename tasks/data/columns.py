"""Columns of shards as shaped arrays: converted from Arrow, or mapped from the file as they lie."""

import json
import math
import mmap
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.data.stored_rows import open_rows
from tasks.data.stubs import Stub

Array = npt.NDArray[Any]
# Equal shapes: an array [N, ...]; shapes that vary, or pictures as bytes: a list of N.
Columns = dict[str, Array | list[Any]]

# A data page's header takes 18 bytes at least; these are fewer than two of them.
ONE_HEADER_BYTES = 32


def convert_columns(table: pa.Table | pa.RecordBatch, *, schema: pa.Schema) -> Columns:
    columns: Columns = {}
    for name in table.column_names:
        values = table.column(name)
        values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        columns[name] = _convert(values, schema.field(name))
    return columns


def _convert(values: pa.Array, field: pa.Field) -> Array | list[Any]:
    if pa.types.is_fixed_size_binary(field.type):
        shape, dtype = _read_shape(field)
        first = values.offset * field.type.byte_width
        count = len(values) * field.type.byte_width // dtype.itemsize
        flat = np.frombuffer(values.buffers()[1], dtype, count, first)
        return flat.reshape(len(values), *shape)  # [N, ...]
    if pa.types.is_binary(field.type):
        return _split_cells(values, field)
    if pa.types.is_fixed_size_list(field.type):
        vectors: Array = values.flatten().to_numpy(zero_copy_only=True)
        return vectors.reshape(len(values), field.type.list_size)  # [N, D]
    array: Array = values.to_numpy(zero_copy_only=False)
    return array


def _split_cells(values: pa.Array, field: pa.Field) -> list[Any]:
    _, offsets, data = values.buffers()
    bounds = np.frombuffer(offsets, np.int32, len(values) + 1, 4 * values.offset).tolist()
    cells = [memoryview(data)[a:b] for a, b in pairwise(bounds)]
    if b"encoding" in (field.metadata or {}):
        return cells
    shape, dtype = _read_shape(field)
    return [np.frombuffer(cell, dtype).reshape(shape) for cell in cells]  # N of [T, ...]


def _read_shape(field: pa.Field) -> tuple[list[int], np.dtype[Any]]:
    metadata: Mapping[bytes, bytes] = field.metadata or {}
    if b"shape" not in metadata:
        raise ValueError(f"column {field.name} does not say its shape and dtype")
    return json.loads(metadata[b"shape"]), np.dtype(metadata[b"dtype"].decode())


def find_places(
    chunks: pq.RowGroupMetaData, columns: Sequence[str], *, schema: pa.Schema
) -> dict[str, int]:
    """Where in the file the columns begin whose values can be mapped."""
    return {
        chunk.path_in_schema: place
        for chunk in map(chunks.column, range(chunks.num_columns))
        if chunk.path_in_schema in columns
        and (place := _find_values(chunk, schema.field(chunk.path_in_schema))) is not None
    }


def _find_values(chunk: pq.ColumnChunkMetaData, field: pa.Field) -> int | None:
    """Where in the file the values of a column stand one after the other; None if they do not.

    They do where nothing is compressed, null or looked up, and the row group is one page: then the
    chunk is nothing but a page's header and the values.
    """
    if not pa.types.is_fixed_size_binary(field.type) or field.nullable:
        return None
    if chunk.compression != "UNCOMPRESSED" or chunk.has_dictionary_page:
        return None
    header_bytes: int = chunk.total_compressed_size - chunk.num_values * field.type.byte_width
    return chunk.data_page_offset + header_bytes if header_bytes <= ONE_HEADER_BYTES else None


def map_values(
    path: Path, stub: Stub | None, *, place: int, num_rows: int, field: pa.Field
) -> Array:
    """A column of a row group as a view of the shard's file, from `place` on: [N, ...]."""
    shape, dtype = _read_shape(field)
    count = num_rows * math.prod(shape)
    part = partial(_map_part, place=place, num_bytes=count * dtype.itemsize)
    content, first = open_rows(path, stub, part)
    flat = np.frombuffer(content, dtype, count, first)
    return flat.reshape(num_rows, *shape)  # [N, ...]


def _map_part(path: Path, *, place: int, num_bytes: int) -> tuple[mmap.mmap, int]:
    """Maps these bytes of a file, read in one go where the system can; and where they begin."""
    first = place % mmap.ALLOCATIONGRANULARITY
    with path.open("rb") as file:
        content = mmap.mmap(
            file.fileno(),
            first + num_bytes,
            flags=mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0),
            prot=mmap.PROT_READ,
            offset=place - first,
        )
    return content, first
