"""Reads the final data sets as shaped arrays, straight from Arrow's buffers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.data.batches import cut_batches
from tasks.data.columns import Array, Columns, convert_columns, find_places, map_values
from tasks.data.shards import compute_key, list_shards
from tasks.data.stored_rows import fits_cache, open_rows, open_shard, read_columns, read_parts
from tasks.data.stubs import Stub, list_group_rows, parse_stub

ENCODER_KEYS = ("D", "encoder", "encoder_sha256")
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

    Binary columns come in the shape and dtype of their field metadata, as read-only views of the
    file where a row group has them as they are; pictures stay PNG (see `decode_faces`); strings
    come as an object array with None where unknown.
    """
    index = read_index(folder, columns=columns or ())
    names = index.schema.names if columns is None else columns
    for path, groups in groupby(index.groups, key=attrgetter("path")):
        with open_shard(path, memory_map=True) as file:
            yield from _read_shard(file, tuple(groups), names, index.schema, batch_size)


def _read_shard(
    file: pq.ParquetFile,
    groups: Sequence[Group],
    names: Sequence[str],
    schema: pa.Schema,
    size: int,
) -> Iterator[Columns]:
    chunks = (file.metadata.row_group(group.index) for group in groups)
    places = [find_places(chunk, names, schema=schema) for chunk in chunks]
    mapped = [name for name in names if all(name in found for found in places)]
    rest = [name for name in names if name not in mapped]
    tables = file.iter_batches(size, columns=rest, use_threads=False)
    cut = [
        cut_batches(map(partial(_map_column, name=name, schema=schema), groups, places), size)
        for name in mapped
    ]
    for _ in range(0, sum(group.num_rows for group in groups), size):
        found: Columns = convert_columns(next(tables), schema=schema) if rest else {}
        found |= dict(zip(mapped, map(next, cut), strict=True))
        yield {name: found[name] for name in names}


def read_group(group: Group, *, columns: Sequence[str], schema: pa.Schema) -> Columns:
    """Columns of one row group; binary ones of one size are views of the file where it has them
    as they are: no copy, no memory of this process's own until a row is taken.

    Mapping halves the time of reading; it is safe, as shards are never rewritten.
    """
    if group.stub is not None and group.is_alone:
        return _read_alone(group, group.stub, columns, schema=schema)
    with open_rows(group.path, group.stub, MAPPED) as file:
        places = find_places(file.metadata.row_group(group.index), columns, schema=schema)
        rest = [name for name in columns if name not in places]
        table = file.read_row_group(group.index, columns=rest, use_threads=False)
    found: Columns = {name: _map_column(group, places, name=name, schema=schema) for name in places}
    found |= convert_columns(table, schema=schema)
    return {name: found[name] for name in columns}


def _map_column(group: Group, places: Mapping[str, int], *, name: str, schema: pa.Schema) -> Array:
    return map_values(
        group.path,
        group.stub,
        place=places[name],
        num_rows=group.num_rows,
        field=schema.field(name),
    )


def _read_alone(group: Group, stub: Stub, columns: Sequence[str], *, schema: pa.Schema) -> Columns:
    def read(file: pq.ParquetFile) -> pa.Table:
        return file.read_row_group(group.index, columns=list(columns), use_threads=False)

    found = convert_columns(read_parts(group.path, stub, read), schema=schema)
    return {name: found[name] for name in columns}


def read_column(index: ShardIndex, name: str) -> Array:
    """One column of labels or numbers for all rows."""
    parts = [
        convert_columns(read_columns(path, [name]), schema=index.schema)[name]
        for path in dict.fromkeys(group.path for group in index.groups)
    ]
    return np.concatenate([np.asarray(part) for part in parts])  # [N]


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
