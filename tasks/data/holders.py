"""Does a stored file hold a video or a person? Told from the names in its columns or cells."""

import csv
import io
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.data.stored_rows import open_object_columns
from tasks.data.stubs import Stub, read_stub

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
        return _is_in_columns(file, stub, sought)
    if name.endswith(".csv"):
        rows = csv.reader(io.StringIO(file.read().decode("utf-8-sig")))
        return sought.is_in({cell for row in rows for cell in row})
    return False


def _open(file: IO[bytes], stub: Stub | None) -> pq.ParquetFile:
    return pq.ParquetFile(file) if stub is None else open_object_columns(stub, Path("(a version)"))


def _is_in_columns(file: IO[bytes], stub: Stub | None, sought: Sought) -> bool:
    with _open(file, stub) as parquet:
        people = PERSON_COLUMNS if sought.kind == "identity" else ("video_id",)
        wanted = [c for c in (*CLIP_COLUMNS, *people) if c in parquet.schema_arrow.names]
        table = parquet.read(wanted, use_threads=False) if wanted else pa.table({})
    return any(sought.is_in(_list_names(column)) for column in table.columns)


def _list_names(column: pa.ChunkedArray) -> set[str]:
    return set(pc.unique(column.drop_null()).to_pylist())


def find_clip_ids(file: IO[bytes], person: str) -> frozenset[str]:
    """Clips of a person in a Parquet file; none where it does not say whose they are."""
    with _open(file, read_stub(file)) as parquet:
        if not {"clip_id", "identity"} <= set(parquet.schema_arrow.names):
            return frozenset()
        table = parquet.read(["clip_id", "identity"], use_threads=False)
    return frozenset(table["clip_id"].filter(pc.equal(table["identity"], person)).to_pylist())
