"""Lists of trials on disk: CSV with the names of probe, true and other candidates."""

import os
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tasks.evaluation.matching import Items, Trials

ROWS_PER_BLOCK = 1 << 17


def write_trials(trials: Trials, path: Path, *, probes: Items, candidates: Items) -> None:
    """Columns probe, true, other_1 … other_M; whole or absent."""
    names = make_columns(trials.others.shape[1])
    left, right = pa.array(probes.names, pa.string()), pa.array(candidates.names, pa.string())
    schema = pa.schema([(name, pa.string()) for name in names])
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")
    try:
        with csv.CSVWriter(temporary, schema) as writer:
            for start in range(0, len(trials), ROWS_PER_BLOCK):
                part = slice(start, start + ROWS_PER_BLOCK)
                right_indices = (trials.true[part], *trials.others[part].T)
                columns = [left.take(pa.array(trials.probes[part]))]
                columns += [right.take(pa.array(indices)) for indices in right_indices]
                writer.write_batch(pa.record_batch(columns, schema=schema))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def make_columns(num_others: int) -> list[str]:
    return ["probe", "true", *(f"other_{index + 1}" for index in range(num_others))]


def read_trials(path: Path, *, probes: Items, candidates: Items) -> Trials:
    """Raises ValueError naming file and line for columns or names that are not known."""
    table = csv.read_csv(path, convert_options=csv.ConvertOptions(strings_can_be_null=False))
    num_others = table.num_columns - 2
    if num_others < 1 or table.column_names != make_columns(num_others):
        raise ValueError(f"{path}: columns are {table.column_names}, not probe, true, other_1, …")
    left = _find(table["probe"], probes.names, path=path)
    right = [_find(table[name], candidates.names, path=path) for name in table.column_names[1:]]
    return Trials(left, right[0], np.stack(right[1:], axis=1), {})


def _find(column: pa.ChunkedArray, names: Sequence[str], *, path: Path) -> npt.NDArray[np.int32]:
    wanted = pc.cast(column, pa.string())
    found = pc.index_in(wanted, value_set=pa.array(names, pa.string()))
    if found.null_count:
        row = pc.index(pc.is_null(found), True).as_py()
        raise ValueError(f"{path}: line {row + 2}: unknown name {wanted[row].as_py()!r}")
    indices: npt.NDArray[np.int32] = found.to_numpy().astype(np.int32)
    return indices
