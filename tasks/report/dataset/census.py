"""What all shards say about every listed clip, as columns: exact counts over millions of clips."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tasks.data.samples import DATA_SETS
from tasks.data.shards import list_shards, shard_path
from tasks.data.stored_rows import read_columns
from tasks.data.stubs import count_rows as count_shard_rows
from tasks.lists.labels import SPLITS

Floats = npt.NDArray[np.floating]
CLIPS, OUTCOMES = Path("clips"), Path("shards/outcomes")
# Folder of each stage's shards, in the order in which a clip goes through them.
STAGE_FOLDERS: Mapping[str, Path] = {
    "list_clips": CLIPS,
    "download": Path("media"),
    "extract_media": Path("extracts"),
    "find_speech": Path("speech"),
    "align_faces": Path("faces"),
    "compute_features": Path("features"),
    "write_shards": OUTCOMES,
}
NAME = pa.dictionary(pa.int32(), pa.string())
CLIP_NAMES = ("source", "kind", "video_id", "identity", "gender", "ethnicity", "nationality")
OUTCOME_NAMES = ("status", "stage", "reason", "split")
FLAGS = tuple(f"in_{name}" for name in DATA_SETS)
CENSUS_SCHEMA = pa.schema(
    [
        *((name, NAME) for name in CLIP_NAMES),
        ("age", pa.float32()),
        ("clip_s", pa.float64()),
        *((name, NAME) for name in OUTCOME_NAMES),
        *((name, pa.bool_()) for name in FLAGS),
    ]
)


def read_census(data: Path) -> pa.Table:
    """CENSUS_SCHEMA, a row per listed clip, in order; about 80 bytes a row and each name once.

    Outcomes are null for clips of shards that have not come to the end yet. Raises ValueError for
    a folder without shards or with shards that do not belong together.
    """
    shards = list_shards(data / CLIPS)
    if not shards:
        raise ValueError(f"{data / CLIPS}: no shards; run the stage list_clips first")
    tables = [_read_shard(data, index) for index in shards]
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def _read_shard(data: Path, index: int) -> pa.Table:
    clips = read_columns(
        shard_path(data / CLIPS, index), ["clip_id", *CLIP_NAMES, "age", "start_s", "end_s"]
    )
    path = shard_path(data / OUTCOMES, index)
    if path.exists():
        outcomes = read_columns(path, ["clip_id", *OUTCOME_NAMES, *FLAGS])
        if not outcomes["clip_id"].equals(clips["clip_id"]):
            raise ValueError(f"{path}: not the clips of {data / CLIPS}; run `dvc repro` first")
    else:
        outcomes = _make_waiting(len(clips))
    columns = {name: clips[name] for name in (*CLIP_NAMES, "age")}
    columns["clip_s"] = pc.subtract(clips["end_s"], clips["start_s"])
    columns |= {name: outcomes[name] for name in (*OUTCOME_NAMES, *FLAGS)}
    return pa.table([_code(columns[field.name], field) for field in CENSUS_SCHEMA], CENSUS_SCHEMA)


def _make_waiting(num_rows: int) -> pa.Table:
    nulls = {name: pa.nulls(num_rows, pa.string()) for name in OUTCOME_NAMES}
    return pa.table(nulls | {name: pa.array([False] * num_rows) for name in FLAGS})


def _code(column: pa.ChunkedArray, field: pa.Field) -> pa.Array:
    array = column.combine_chunks()
    return array.dictionary_encode() if field.type == NAME else array.cast(field.type)


def select_used(census: pa.Table) -> pa.Table:
    """The clips that are in at least one data set."""
    flags = [census[name] for name in FLAGS]
    return census.filter(pc.or_(pc.or_(flags[0], flags[1]), flags[2]))


def count_rows(table: pa.Table, *columns: str) -> dict[tuple[Any, ...], int]:
    """How many rows there are of each combination of values."""
    groups = table.group_by(list(columns), use_threads=False).aggregate([([], "count_all")])
    keys = zip(*(groups[name].to_pylist() for name in columns), strict=True)
    return dict(zip(keys, groups["count_all"].to_pylist(), strict=True))


def count_names(column: pa.ChunkedArray) -> int:
    """How many different names a dictionary column of the census holds, null aside."""
    return int(pc.count_distinct(column.combine_chunks().indices, mode="only_valid").as_py())


def read_values(data: Path, data_set: str, column: str) -> dict[str, Floats]:
    """A numeric column of a final data set by split, [N] each; null where it was not computed."""
    return {
        split: np.concatenate(
            [np.empty(0, np.float32), *_read_parts(data, data_set, split, column)]
        )
        for split in SPLITS
    }


def _read_parts(data: Path, data_set: str, split: str, column: str) -> Iterator[Floats]:
    for path in list_shards(data / "shards" / data_set / split).values():
        values = read_columns(path, [column])[column]
        yield values.drop_null().to_numpy().astype(np.float32, copy=False)


def check_final_shards(data: Path, census: pa.Table) -> None:
    """Raises ValueError unless each data set holds the clips that the outcomes put there."""
    for name in DATA_SETS:
        counts = count_rows(census.filter(census[f"in_{name}"]), "split")
        for split in SPLITS:
            folder, wanted = data / "shards" / name / split, counts.get((split,), 0)
            found = sum(map(count_shard_rows, list_shards(folder).values()))
            if found != wanted:
                raise ValueError(
                    f"{folder}: {found} rows, but the outcomes put {wanted} there; "
                    "run `dvc repro write_shards`"
                )
