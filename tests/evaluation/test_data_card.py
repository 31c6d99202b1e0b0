"""Who is in the data, counted again with DuckDB."""

from pathlib import Path

import duckdb
import pytest

from tasks.evaluation.data_card import ALL, read_data_card, write_data_card
from tests.fake_corpus import make_clips, write_fake_corpus
from tests.training_corpus import write_training_shards


def test_groups_are_those_that_duckdb_counts(tmp_path: Path) -> None:
    shards = write_training_shards(tmp_path / "shards")
    write_data_card(tmp_path, shards, data_sets=("voices", "faces"))
    card = read_data_card(tmp_path)
    assert card.sources == ("sample",)
    assert card.may_show_faces
    found = {
        (item.data_set, item.split, item.attribute, item.value): (item.num_samples, item.num_people)
        for item in card.counts
    }
    for data_set, split in (("voices", "train"), ("faces", "test")):
        files = f"'{shards}/{data_set}/{split}/*.parquet'"
        query = f"select count(*), count(distinct identity) from {files}"
        assert [found[data_set, split, ALL, ALL]] == duckdb.sql(query).fetchall()
        query = f"select gender, count(*), count(distinct identity) from {files} group by gender"
        for gender, *counts in duckdb.sql(query).fetchall():
            assert found[data_set, split, "gender", gender] == tuple(counts)
    assert not any(item.attribute == "nationality" for item in card.counts)  # nobody's is known


def test_what_was_lost_is_counted_by_reason(tmp_path: Path) -> None:
    clips = make_clips(90)
    write_fake_corpus(tmp_path, clips, shard_size=32)
    card = write_data_card(tmp_path, tmp_path / "shards", data_sets=("voices", "faces"))
    gone = [item for item in clips if not (item.flags["voices"] or item.flags["faces"])]
    assert card.num_listed == len(clips)
    assert sum(count for _, count in card.lost) == len(gone)


def test_a_missing_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"data_card\.json: no such file"):
        read_data_card(tmp_path)
