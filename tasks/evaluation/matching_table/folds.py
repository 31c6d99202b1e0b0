"""Data sets divided by person: each fold's people are strangers to what was trained on the rest."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.data.readers import read_column, read_index
from tasks.data.shards import ROWS_PER_GROUP, compute_key, list_shards, shard_path
from tasks.data.stored_rows import open_shard
from tasks.evaluation.matching import Items
from tasks.evaluation.matching_table.rounds import People
from tasks.evaluation.matching_table.systems import System, join_judges

SPLITS = ("train", "val", "test")
MIN_CLIPS = 2


def assign_folds(
    voices: Path, *, num_folds: int, seed: int, splits: Sequence[str] = SPLITS
) -> dict[str, int]:
    """A fold for each person of `splits` of known gender with at least two voices, both genders
    alike.

    ValueError for fewer than two people a fold.
    """
    counts, genders = dict[str, int](), dict[str, str]()
    for split in splits:
        if list_shards(voices / split):
            index = read_index(voices / split)
            rows = zip(read_column(index, "identity"), read_column(index, "gender"), strict=True)
            for name, gender in rows:
                counts[str(name)] = counts.get(str(name), 0) + 1
                if name is not None and gender is not None:
                    genders[str(name)] = str(gender)
    chosen = [name for name in sorted(genders) if counts[name] >= MIN_CLIPS]
    if len(chosen) < 2 * num_folds:
        raise ValueError(f"{voices}: {len(chosen)} people of known gender for {num_folds} folds")
    random = np.random.default_rng(seed)
    order = sorted(random.permutation(chosen).tolist(), key=lambda name: genders[name])
    return {name: place % num_folds for place, name in enumerate(order)}


def write_fold(source: Path, out: Path, *, held_out: Sequence[str]) -> None:
    """The data sets of `source` below `out`: `held_out` people as test, all others as train."""
    for data_set in sorted(path for path in source.iterdir() if path.is_dir()):
        tables, keys = list[pa.Table](), list[str]()
        for split in SPLITS:
            if list_shards(data_set / split):
                index = read_index(data_set / split)
                keys += index.keys
                for path in list_shards(data_set / split).values():
                    with open_shard(path) as file:
                        tables.append(file.read())
        if tables:
            _write_parts(pa.concat_tables(tables), out / data_set.name, keys, held_out)


def _write_parts(table: pa.Table, out: Path, keys: Sequence[str], held_out: Sequence[str]) -> None:
    key = compute_key(shards=list(keys), held_out=list(held_out))
    is_test = pc.is_in(table["identity"], value_set=pa.array(held_out, pa.string()))
    metadata = {**(table.schema.metadata or {}), b"key": key.encode()}
    for split, mask in (("test", is_test), ("train", pc.invert(is_test))):
        part = table.filter(mask).replace_schema_metadata(metadata)
        (out / split).mkdir(parents=True, exist_ok=True)
        path = shard_path(out / split, 0)
        pq.write_table(
            part, path, row_group_size=ROWS_PER_GROUP, compression="none", use_dictionary=False
        )


def join_systems(folds: Sequence[Sequence[System]]) -> list[System]:
    """Each system over the test people of all folds."""
    joined = []
    for parts in zip(*folds, strict=True):
        judges = {way: join_judges([part.judges[way] for part in parts]) for way in parts[0].judges}
        joined.append(System(parts[0].name, judges, parts[0].reasons))
    return joined


def join_people(folds: Sequence[People]) -> People:
    """Everybody's clips end to end, each person marked with the fold."""
    return People(
        folds[0].split,
        _join_items([people.voices for people in folds]),
        _join_items([people.faces for people in folds]),
        _join_labels([people.gender for people in folds]),
        _join_labels([people.nationality for people in folds]),
        {
            person: f"fold {number}"
            for number, people in enumerate(folds)
            for person in {*people.voices.people, *people.faces.people}
        },
    )


def _join_items(parts: Sequence[Items]) -> Items:
    return Items(
        [name for part in parts for name in part.names],
        [person for part in parts for person in part.people],
    )


def _join_labels(parts: Sequence[Mapping[str, str | None]]) -> dict[str, str | None]:
    return {name: label for part in parts for name, label in part.items()}
