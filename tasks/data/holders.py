"""Does a stored file hold a video or a person? Told from the names in its columns or cells."""

import csv
import io
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.data.stored_rows import read_parts
from tasks.data.stubs import parse_stub, read_stub

SPAN = r"_\d+-(\d+|end)"  # how tasks.lists.ids ends a clip's id
CLIP_COLUMNS = ("clip_id", "sample_id")
PERSON_COLUMNS = ("identity", "person")
SUFFIXES = (".parquet", ".csv")


@dataclass(frozen=True)
class Sought:
    """A video or person by name; `clip_ids` are those known of it, `objects` the SHA-256 of those
    of the store that held it and are deleted."""

    kind: Literal["video", "identity"]
    name: str
    clip_ids: frozenset[str] = field(default_factory=frozenset)
    objects: frozenset[str] = field(default_factory=frozenset)

    def is_in(self, values: Collection[str]) -> bool:
        """True if one of the names is this one's, or that of one of its clips."""
        pattern = re.compile(re.escape(self.name) + SPAN)
        return any(
            value == self.name
            or value in self.clip_ids
            or (self.kind == "video" and pattern.fullmatch(value) is not None)
            for value in values
        )


def holds(file: IO[bytes], sought: Sought, *, name: str) -> bool:
    """For a Parquet file (of a stub: its object) or a CSV table; any other file says nothing of
    whom it holds. RowsGone where the store has not got the object."""
    if name.endswith(".parquet"):
        stub = read_stub(file)
        if stub is not None and stub.digest in sought.objects:
            return True
        return _is_in_columns(file, sought)
    if name.endswith(".csv"):
        rows = csv.reader(io.StringIO(file.read().decode("utf-8-sig")))
        return sought.is_in({cell for row in rows for cell in row})
    return False


def _is_in_columns(file: IO[bytes], sought: Sought) -> bool:
    people = PERSON_COLUMNS if sought.kind == "identity" else ("video_id",)
    table = _read_names(file, (*CLIP_COLUMNS, *people))
    return any(sought.is_in(_list_names(column)) for column in table.columns)


def _read_names(file: IO[bytes], columns: Collection[str]) -> pa.Table:
    """Those of the columns that there are, of a stub from its object."""
    with pq.ParquetFile(file) as parquet:
        stub = parse_stub(parquet.metadata.metadata)
        wanted = [name for name in columns if name in parquet.schema_arrow.names]
        if stub is None or not wanted:
            return parquet.read(wanted, use_threads=False) if wanted else pa.table({})
    read = partial(pq.ParquetFile.read, columns=wanted, use_threads=False)
    return read_parts(Path("(a version)"), stub, read)


def _list_names(column: pa.ChunkedArray) -> set[str]:
    return set(pc.unique(column.drop_null()).to_pylist())


def find_clip_ids(file: IO[bytes], person: str) -> frozenset[str]:
    """Clips of a person in a Parquet file; none where it does not say whose they are."""
    table = _read_names(file, ("clip_id", "identity"))
    if table.num_columns < 2:
        return frozenset()
    return frozenset(table["clip_id"].filter(pc.equal(table["identity"], person)).to_pylist())
