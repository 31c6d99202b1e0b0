"""What an evaluation leaves on disk comes back as it was, and the same again byte for byte."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from tasks.evaluation.scores import Score, make_missing
from tasks.evaluation.store import (
    HEADLINE,
    LINES,
    SAMPLES,
    Line,
    get_headline,
    make_samples,
    read_lines,
    read_samples,
    select_lines,
    write_lines,
    write_samples,
)

LINES_OF_A_RUN = [
    Line(HEADLINE, ("1:2 matching", "test"), Score("matching", 0.76, 90, 9, 0.7, 0.8, 0.5)),
    Line("table_3", ("WEN", "G"), make_missing("matching_gender", "no trials", num_missing=3)),
]


def test_lines_come_back(tmp_path: Path) -> None:
    write_lines(tmp_path, LINES_OF_A_RUN)
    found = read_lines(tmp_path)
    assert found == LINES_OF_A_RUN
    assert get_headline(found).score.value == 0.76
    assert [line.labels for line in select_lines(found, "table_3")] == [("WEN", "G")]


@pytest.mark.parametrize("num", [0, 2])
def test_one_headline_is_needed(tmp_path: Path, num: int) -> None:
    with pytest.raises(ValueError, match=f"{num} headlines"):
        write_lines(tmp_path, LINES_OF_A_RUN[:1] * num)


def test_samples_are_plain_parquet(tmp_path: Path) -> None:
    values = np.array([1.0, np.nan, 0.25], np.float32)
    table = make_samples("m", sample_ids=["a", "b", "c"], people=["p", "p", "q"], values=values)
    write_samples(tmp_path, [table, table.slice(0, 0)])
    rows = duckdb.sql(f"select * from '{tmp_path / SAMPLES}'").fetchall()
    assert rows == [("m", "a", "p", 1.0), ("m", "c", "q", 0.25)]
    assert read_samples(tmp_path).to_pylist()[1]["sample_id"] == "c"


def test_same_inputs_give_same_bytes(tmp_path: Path) -> None:
    table = make_samples("m", sample_ids=["a"], people=["p"], values=np.ones(1))
    for name in ("one", "two"):
        write_lines(tmp_path / name, LINES_OF_A_RUN)
        write_samples(tmp_path / name, [table])
    for name in (LINES, SAMPLES):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("text", ["[", "[{}]", '[{"table": "t", "labels": [], "score": {"x": 1}}]'])
def test_foreign_lines_are_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=f"{LINES}: no such file"):
        read_lines(tmp_path)
    (tmp_path / LINES).write_text(text)
    with pytest.raises(ValueError, match=f"{LINES}: not an evaluation"):
        read_lines(tmp_path)


def test_foreign_samples_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such file"):
        read_samples(tmp_path)
    (tmp_path / SAMPLES).write_bytes(b"no parquet")
    with pytest.raises(ValueError, match="not a Parquet file"):
        read_samples(tmp_path)
