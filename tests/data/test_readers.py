import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tasks.data.columns import convert_columns
from tasks.data.readers import (
    build_labels,
    check_feature_width,
    compute_data_hash,
    decode_faces,
    read_batches,
    read_column,
    read_group,
    read_index,
    select_labelled,
)
from tasks.data.schemas import build_pairs_schema
from tasks.data.shards import ShardWriter


def test_batches_hold_every_row_in_order_and_shape(pairs: Path, make: Any) -> None:
    batches = list(read_batches(pairs, batch_size=3))
    spectrograms = np.concatenate([batch["spectrogram"] for batch in batches])
    features = np.concatenate([batch["face_feature"] for batch in batches])
    assert spectrograms.dtype == np.float16
    np.testing.assert_array_equal(spectrograms, [make["spectrogram"](row) for row in range(19)])
    np.testing.assert_array_equal(features, np.arange(19)[:, None] * np.ones(5))


@pytest.mark.parametrize(("size", "counts"), [(3, [3, 3, 3, 1, 3, 3, 3]), (4, [4, 4, 2, 4, 4, 1])])
def test_a_held_batch_stays_as_it_came(
    pairs: Path, make: Any, size: int, counts: list[int]
) -> None:
    batches = list(read_batches(pairs, columns=["spectrogram"], batch_size=size))
    assert [len(batch["spectrogram"]) for batch in batches] == counts
    for path in pairs.iterdir():
        path.unlink()
    values = np.concatenate([batch["spectrogram"] for batch in batches])
    np.testing.assert_array_equal(values, [make["spectrogram"](row) for row in range(19)])


def test_pictures_are_decoded_on_demand(pairs: Path, make: Any) -> None:
    batch = next(read_batches(pairs, columns=["face"], batch_size=2))
    expected = [make["face"](row, 224) for row in range(2)]
    np.testing.assert_array_equal(decode_faces(list(batch["face"])), expected)


def test_cells_of_varying_length_come_one_by_one(voices: Path, make: Any) -> None:
    cells = [cell for batch in read_batches(voices, batch_size=5) for cell in batch["logmel"]]
    for row, cell in enumerate(cells):
        np.testing.assert_array_equal(cell, make["logmel"](row))
    assert len(cells) == 21


def test_arrays_are_views_of_arrow_buffers(pairs: Path) -> None:
    table = pq.read_table(pairs / "shard-00000.parquet").combine_chunks()
    rows = table.slice(3, 4).to_batches()[0]
    columns = convert_columns(rows, schema=table.schema)
    for name, stride in (("spectrogram", 2 * 3 * 257 * 2), ("face_feature", 5 * 4)):
        values = columns[name]
        assert isinstance(values, np.ndarray)
        array = rows.column(name)
        cells = array.values.buffers()[1] if name == "face_feature" else array.buffers()[1]
        assert values.__array_interface__["data"][0] == cells.address + 3 * stride


def test_unknown_labels_are_none_and_nan(pairs: Path) -> None:
    index = read_index(pairs)
    assert read_column(index, "identity").tolist()[5:8] == ["person2", None, "person1"]
    assert np.isnan(read_column(index, "age")).sum() == 9


def test_index_counts_rows_over_shards(pairs: Path) -> None:
    index = read_index(pairs)
    assert index.num_rows == 19
    assert [group.num_rows for group in index.groups] == [4, 4, 2, 4, 4, 1]
    assert [group.first_row for group in index.groups] == [0, 4, 8, 10, 14, 18]


def test_data_hash_follows_the_shards_keys(pairs: Path, voices: Path) -> None:
    assert compute_data_hash(read_index(pairs)) == compute_data_hash(read_index(pairs))
    assert compute_data_hash(read_index(pairs)) != compute_data_hash(read_index(voices))


def test_empty_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="this split of the data set is empty"):
        read_index(tmp_path / "val")


def test_missing_column_is_refused(voices: Path) -> None:
    with pytest.raises(ValueError, match="no column spectrogram"):
        read_index(voices, columns=["logmel", "spectrogram"])


def test_feature_width_that_does_not_fit_is_refused(pairs: Path) -> None:
    check_feature_width(read_index(pairs), 5)
    with pytest.raises(ValueError, match="have 5 values, the network has 4096"):
        check_feature_width(read_index(pairs), 4096)


def test_shards_of_different_encoders_are_refused(pairs: Path, write: Any) -> None:
    schema = build_pairs_schema(5, num_frames=3)
    more = pairs / "shard-00009.parquet"
    other = write(
        pairs.parent / "x", [0], make_row=dict, schema=schema, metadata={"encoder": "another"}
    )
    (other / "shard-00000.parquet").rename(more)
    with pytest.raises(ValueError, match=r"shard-00009.*encoder is 'another'"):
        read_index(pairs)


def test_shards_of_different_widths_are_refused(pairs: Path, write: Any) -> None:
    schema = build_pairs_schema(6, num_frames=3)
    other = write(pairs.parent / "x", [0], make_row=dict, schema=schema)
    (other / "shard-00000.parquet").rename(pairs / "shard-00009.parquet")
    with pytest.raises(ValueError, match=r"shard-00009.*face_feature"):
        read_index(pairs)


def test_labels_number_people_by_name() -> None:
    assert build_labels(["b", None, "a", "b"]) == {"a": 0, "b": 1}
    with pytest.raises(ValueError, match="1 identities, at least 2"):
        build_labels(["a", None, "a"])


def test_rows_of_labelled_people_are_selected() -> None:
    identities = np.array(["a", None, "c", "a"], dtype=object)
    wanted = np.array([True, True, True, False])
    assert select_labelled(identities, {"a": 0}).tolist() == [True, False, False, True]
    assert select_labelled(identities, {"a": 0}, wanted=wanted).tolist() == [True, *[False] * 3]


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_a_group_is_what_arrow_reads_and_a_view_where_nothing_is_compressed(
    tmp_path: Path, make: Any, compression: str
) -> None:
    schema = build_pairs_schema(5, num_frames=3)
    path = tmp_path / "shard-00000.parquet"
    with ShardWriter(path, schema, metadata={}, rows_per_group=4, compression=compression) as file:
        for row in range(10):
            file.write(make["pair"](row))
    index = read_index(tmp_path)
    names = ("face_feature", "spectrogram", "clip_id")
    for group in index.groups:
        columns = read_group(group, columns=names, schema=index.schema)
        table = pq.ParquetFile(path).read_row_group(group.index, columns=list(names))
        expected = convert_columns(table, schema=index.schema)
        assert tuple(columns) == names
        for name in names:
            np.testing.assert_array_equal(columns[name], expected[name])
        base = columns["spectrogram"]
        while isinstance(base, np.ndarray):
            base = base.base
        mapped = isinstance(getattr(base, "obj", base), mmap.mmap)
        assert mapped == (compression == "none")
