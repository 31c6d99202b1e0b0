"""Reads the final data sets as shaped arrays, straight from Arrow's buffers."""

import json
import math
import mmap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.data.shards import compute_key, list_shards
from tasks.data.stored_rows import fits_cache, open_rows, open_shard, read_columns, read_parts
from tasks.data.stubs import Stub, list_group_rows, parse_stub

Array = npt.NDArray[Any]
# Equal shapes: an array [N, ...]; shapes that vary, or pictures as bytes: a list of N.
Columns = dict[str, Array | list[Any]]

ENCODER_KEYS = ("D", "encoder", "encoder_sha256")
# A data page's header takes 18 bytes at least; these are fewer than two of them.
ONE_HEADER_BYTES = 32
MAPPED = partial(pq.ParquetFile, memory_map=True)


@dataclass(frozen=True)
class Group:
    """A row group: number `index` of a file; its first row's number in the whole data set; `stub`
    where the rows lie in a store, `is_alone` if so few fit here that it is fetched by itself."""

    path: Path
    index: int
    first_row: int
    num_rows: int
    stub: Stub | None = None
    is_alone: bool = False


@dataclass(frozen=True)
class ShardIndex:
    """One split of a data set: where its rows are, and what its shards were made from."""

    folder: Path
    schema: pa.Schema
    groups: tuple[Group, ...]
    keys: tuple[str, ...]

    @property
    def num_rows(self) -> int:
        return self.groups[-1].first_row + self.groups[-1].num_rows


def read_index(folder: Path, *, columns: Sequence[str] = ()) -> ShardIndex:
    """Reads the shards' footers, nothing of a store.

    ValueError if the folder holds no rows, if `columns` are missing, or if shards differ in columns
    or in the face encoder.
    """
    groups: list[Group] = []
    schema: pa.Schema | None = None
    keys: list[str] = []
    for path in list_shards(folder).values():
        with pq.ParquetFile(path) as file:
            schema = schema or file.schema_arrow
            _check_alike(path, file.schema_arrow, expected=schema)
            keys.append(_read_text(file.schema_arrow, "key"))
            groups += _list_groups(path, file.metadata, groups)
    if schema is None or not groups:
        raise ValueError(f"{folder}: no rows: this split of the data set is empty")
    if absent := [name for name in columns if name not in schema.names]:
        raise ValueError(f"{folder}: no column {', '.join(absent)}; there are {schema.names}")
    stubs = [group.stub for group in groups if group.stub is not None]
    if stubs and not fits_cache(stubs):
        groups = [replace(group, is_alone=group.stub is not None) for group in groups]
    return ShardIndex(folder, schema, tuple(groups), tuple(keys))


def _list_groups(path: Path, metadata: pq.FileMetaData, before: Sequence[Group]) -> list[Group]:
    first_row = before[-1].first_row + before[-1].num_rows if before else 0
    groups, stub = [], parse_stub(metadata.metadata)
    for number, num_rows in enumerate(list_group_rows(metadata)):
        if num_rows:
            groups.append(Group(path, number, first_row, num_rows, stub))
        first_row += num_rows
    return groups


def _check_alike(path: Path, schema: pa.Schema, *, expected: pa.Schema) -> None:
    if not schema.equals(expected):
        names = [field.name for field in schema if field not in list(expected)]
        raise ValueError(f"{path}: columns {names} differ from those of the shards before it")
    for key in ENCODER_KEYS:
        if (found := _read_text(schema, key)) != (wanted := _read_text(expected, key)):
            raise ValueError(f"{path}: {key} is {found!r}, in the shards before it {wanted!r}")


def _read_text(schema: pa.Schema, key: str) -> str:
    text: bytes = (schema.metadata or {}).get(key.encode(), b"")
    return text.decode()


def compute_data_hash(index: ShardIndex) -> str:
    """SHA-256 over the keys of a split's shards: what was trained on."""
    return compute_key(keys=index.keys, rows=index.num_rows)


def read_feature_width(index: ShardIndex) -> int:
    """D, the width of the face features."""
    return int(index.schema.field("face_feature").type.list_size)


def check_feature_width(index: ShardIndex, dimension: int) -> None:
    """ValueError if the network's width is not that of the face features."""
    if (width := read_feature_width(index)) != dimension:
        encoder = _read_text(index.schema, "encoder") or "an unnamed encoder"
        raise ValueError(
            f"{index.folder}: face features of {encoder} have {width} values, "
            f"the network has {dimension}"
        )


def read_batches(
    folder: Path, *, columns: Sequence[str] | None = None, batch_size: int = 64
) -> Iterator[Columns]:
    """Rows in order, `batch_size` at a time (fewer at a shard's end); None reads all columns.

    Binary columns come in the shape and dtype of their field metadata; pictures stay PNG (see
    `decode_faces`); strings come as an object array with None where unknown.
    """
    index = read_index(folder, columns=columns or ())
    for path in dict.fromkeys(group.path for group in index.groups):
        with open_shard(path, memory_map=True) as file:
            for batch in file.iter_batches(batch_size, columns=columns, use_threads=False):
                yield convert_columns(batch, schema=index.schema)


def read_group(group: Group, *, columns: Sequence[str], schema: pa.Schema) -> Columns:
    """Columns of one row group; binary ones of one size are views of the file where it has them
    as they are: no copy, no memory of this process's own until a row is taken.

    Mapping halves the time of reading; it is safe, as shards are never rewritten.
    """
    if group.stub is not None and group.is_alone:
        return _read_alone(group, group.stub, columns, schema=schema)
    with open_rows(group.path, group.stub, MAPPED) as file:
        views = _map_columns(group, file.metadata.row_group(group.index), columns, schema=schema)
        rest = [name for name in columns if name not in views]
        table = file.read_row_group(group.index, columns=rest, use_threads=False)
    found = views | convert_columns(table, schema=schema)
    return {name: found[name] for name in columns}


def _read_alone(group: Group, stub: Stub, columns: Sequence[str], *, schema: pa.Schema) -> Columns:
    def read(file: pq.ParquetFile) -> pa.Table:
        return file.read_row_group(group.index, columns=list(columns), use_threads=False)

    found = convert_columns(read_parts(group.path, stub, read), schema=schema)
    return {name: found[name] for name in columns}


def _map_columns(
    group: Group, chunks: pq.RowGroupMetaData, columns: Sequence[str], *, schema: pa.Schema
) -> Columns:
    places = {
        chunk.path_in_schema: place
        for chunk in map(chunks.column, range(chunks.num_columns))
        if chunk.path_in_schema in columns
        and (place := _find_values(chunk, schema.field(chunk.path_in_schema))) is not None
    }
    if not places:
        return {}
    views: Columns = {}
    for name, place in places.items():
        shape, dtype = _read_shape(schema.field(name))
        count = group.num_rows * math.prod(shape)
        part = partial(_map_part, place=place, num_bytes=count * dtype.itemsize)
        content, first = open_rows(group.path, group.stub, part)
        flat = np.frombuffer(content, dtype, count, first)
        views[name] = flat.reshape(group.num_rows, *shape)  # [N, ...]
    return views


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


def read_column(index: ShardIndex, name: str) -> Array:
    """One column of labels or numbers for all rows."""
    parts = [
        convert_columns(read_columns(path, [name]), schema=index.schema)[name]
        for path in dict.fromkeys(group.path for group in index.groups)
    ]
    return np.concatenate([np.asarray(part) for part in parts])  # [N]


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


def decode_faces(pngs: Sequence[bytes]) -> npt.NDArray[np.uint8]:
    """PNG cells to uint8 [B, H, W, 3] RGB."""
    # Imported here: machines that train on features alone need no picture library.
    from tasks.media.images import decode_png

    return np.stack([decode_png(png) for png in pngs])


def build_labels(identities: Sequence[str | None] | Array, *, minimum: int = 2) -> dict[str, int]:
    """Class numbers in order of name (official code of WEN); ValueError below `minimum` people."""
    names = sorted({str(name) for name in identities if name is not None})
    if len(names) < minimum:
        raise ValueError(f"{len(names)} identities, at least {minimum} are needed to tell apart")
    return {name: number for number, name in enumerate(names)}


def select_labelled(
    identities: Array, labels: Mapping[str, int], *, wanted: Array | None = None
) -> npt.NDArray[np.bool_]:
    """Which of the (wanted) rows are of a person in `labels`: bool [N]."""
    labelled = np.array([name in labels for name in identities], dtype=bool)
    return labelled if wanted is None else labelled & wanted


def name_person(batch: Mapping[str, Any], row: int) -> str:
    """Who a row shows, for telling people apart: the identity, else the video."""
    identity = batch["identity"][row]
    return str(batch["video_id"][row]) if identity is None else str(identity)
