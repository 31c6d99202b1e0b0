"""What an evaluation leaves on disk for its report and for comparisons with other models.

`scores.json` holds Lines: a Score, the table it belongs to and the labels of its row. Of table
"headline" there is exactly one, of table "guarded" some; both name, by `score.name`, metrics whose
values per sample are in `samples.parquet`, so that two models can be compared on the same people
by a paired bootstrap.

    write_lines(folder, [Line("headline", ("1:2 matching",), score)])
    write_samples(folder, [make_samples("matching", sample_ids=ids, people=people, values=won)])
"""

import io
import json
import os
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.evaluation.scores import Floats, Score

LINES, SAMPLES = "scores.json", "samples.parquet"
HEADLINE, GUARDED = "headline", "guarded"
SAMPLE_SCHEMA = pa.schema(
    [
        pa.field("metric", pa.string(), nullable=False),
        pa.field("sample_id", pa.string(), nullable=False),
        pa.field("person", pa.string(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Line:
    """A row of a report's table: the cells that lead it, and what was measured."""

    table: str
    labels: tuple[str, ...]
    score: Score


def write_lines(folder: Path, lines: Iterable[Line]) -> None:
    """In the order given; whole or absent. ValueError unless one line is the headline."""
    kept = list(lines)
    num_headlines = sum(line.table == HEADLINE for line in kept)
    if num_headlines != 1:
        raise ValueError(f"{folder / LINES}: {num_headlines} headlines, not one")
    text = json.dumps([asdict(line) for line in kept], indent=1, allow_nan=False)
    _write(folder / LINES, text.encode() + b"\n")


def read_lines(folder: Path) -> list[Line]:
    """ValueError naming the file if there are none or they are not this project's."""
    path = folder / LINES
    if not path.is_file():
        raise ValueError(f"{path}: no such file; run the stage that evaluates first")
    try:
        return [
            Line(item["table"], tuple(item["labels"]), Score(**item["score"]))
            for item in json.loads(path.read_text(encoding="utf-8"))
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path}: not an evaluation of this project: {error}") from None


def select_lines(lines: Iterable[Line], table: str) -> list[Line]:
    return [line for line in lines if line.table == table]


def get_headline(lines: Iterable[Line]) -> Line:
    (line,) = select_lines(lines, HEADLINE)
    return line


def describe_headline(lines: Iterable[Line], system: str) -> str:
    """The headline of a 1:2 matching as a sentence."""
    score = get_headline(lines).score
    if score.value is None:
        return f"{system}: not measured: {score.reason}"
    words = f"{system} picks the speaker's face of two in {score.value:.1%} of trials"
    if score.low is None or score.high is None:
        return f"{words} ({score.reason})"
    return f"{words} (95 % from {score.low:.1%} to {score.high:.1%}; chance 50.0%)"


def make_samples(
    metric: str, *, sample_ids: Sequence[str], people: Sequence[str], values: Floats
) -> pa.Table:
    """Values [N] of one metric; those that are NaN could not be measured and are left out."""
    known = np.isfinite(values)
    columns = [
        pa.array([metric] * int(known.sum()), pa.string()),
        pa.array(np.asarray(sample_ids, dtype=object)[known], pa.string()),
        pa.array(np.asarray(people, dtype=object)[known], pa.string()),
        pa.array(np.asarray(values, np.float64)[known], pa.float64()),
    ]
    return pa.table(columns, schema=SAMPLE_SCHEMA)


def write_samples(folder: Path, columns: Iterable[pa.Table]) -> None:
    """Tables of `make_samples`, one after the other; whole or absent."""
    table = pa.concat_tables([SAMPLE_SCHEMA.empty_table(), *columns])
    sink = pa.BufferOutputStream()
    pq.write_table(table.combine_chunks(), sink, compression="zstd")
    _write(folder / SAMPLES, sink.getvalue().to_pybytes())


def read_samples(folder: Path) -> pa.Table:
    """Columns metric, sample_id, person, value. ValueError naming the file for anything else."""
    path = folder / SAMPLES
    if not path.is_file():
        raise ValueError(f"{path}: no such file; run the stage that evaluates first")
    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path}: not a Parquet file: {error}") from None
    if table.schema.names != SAMPLE_SCHEMA.names:
        raise ValueError(f"{path}: columns are {table.schema.names}, not {SAMPLE_SCHEMA.names}")
    return table


def write_array(folder: Path, name: str, array: npt.NDArray[Any]) -> None:
    """`name`.npy: what a figure needs; pictures are uint8 [..., H, W, 3]."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    _write(folder / f"{name}.npy", buffer.getvalue())


def read_array(folder: Path, name: str) -> npt.NDArray[Any]:
    """ValueError naming the file if there is none."""
    path = folder / f"{name}.npy"
    if not path.is_file():
        raise ValueError(f"{path}: no such file; run the stage that evaluates first")
    array: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    return array


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
