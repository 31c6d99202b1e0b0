import csv
import io

import pytest

from tasks.report.tables import (
    Cell,
    Column,
    Table,
    encode_csv,
    format_bytes,
    format_cell,
    format_number,
    format_share,
    hide_empty,
    shorten,
)


@pytest.mark.parametrize(
    ("cell", "kind", "shown"),
    [
        (1234567, "count", "1,234,567"),
        (None, "count", "–"),
        (0.12345, "share", "12.3 %"),
        (0.0001, "share", "< 0.1 %"),
        (0.9999, "share", "> 99.9 %"),
        (1, "share", "100 %"),
        (0, "share", "0 %"),
        (1234.5, "number", "1,234"),
        (0.25555, "number", "0.256"),
        (3.0, "number", "3"),
        (1_500_000_000, "bytes", "1.5 GB"),
        (999, "bytes", "999 B"),
        ("a\n\tb\u202ec", "text", "a b c"),
    ],
)
def test_cells_are_shown_for_people(cell: Cell, kind: str, shown: str) -> None:
    assert format_cell(cell, kind) == shown  # type: ignore[arg-type]


def test_csv_gives_back_what_was_written() -> None:
    rows: list[tuple[Cell, ...]] = [("-3R4_72tj", 'a "b", c', 1, 0.5, None), ("x", "ü", 2, -1.5, 3)]
    text = "".join(encode_csv(["id", "text", "n", "x", "none"], rows))
    read = list(csv.reader(io.StringIO(text)))
    assert read[0] == ["id", "text", "n", "x", "none"]
    assert read[1] == ["-3R4_72tj", 'a "b", c', "1", "0.5", ""]
    assert read[2] == ["x", "ü", "2", "-1.5", "3"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "@cmd", "-1+1|x", "\t=1", "\r\n=1"])
def test_csv_holds_nothing_that_a_spreadsheet_runs(text: str) -> None:
    (_, (cell,)) = csv.reader(io.StringIO("".join(encode_csv(["text"], [(text,)]))))
    assert cell.startswith("'")


def test_long_text_and_long_tables_are_cut_for_readers_only() -> None:
    assert len(shorten("x" * 1000)) == 240
    columns = (Column("name"), Column("secret_id"), Column("count", "count"))
    rows = tuple((f"n{i}", "x", i) for i in range(50))
    table = Table("t", "T", columns, rows, max_shown=10, hidden=frozenset({"secret_id"}))
    assert len(table.shown_rows) == 10
    assert table.num_left_out == 40
    assert [column.shown_title for column, _ in table.shown_rows[0]] == ["name", "count"]


def test_units_and_edges() -> None:
    assert [format_bytes(n) for n in (0, 1e3, 1.7e12, 2e18)] == [
        "0 B",
        "1 kB",
        "1.7 TB",
        "2e+03 PB",
    ]
    assert [format_number(x) for x in (0, -2.345, 0.00012)] == ["0", "-2.35", "0.0001"]
    assert format_share(0.5) == "50.0 %"


def test_columns_without_anything_are_left_to_the_csv() -> None:
    columns = (Column("a"), Column("b", "count"), Column("c", "share"), Column("d"))
    rows = (("x", 0, None, ""), ("y", 0, 0.5, None))
    shown = hide_empty(Table("t", "T", columns, rows)).shown_columns
    assert [column.name for column in shown] == ["a", "c"]
    none = hide_empty(Table("t", "T", columns, ()))
    assert len(none.shown_columns) == 4
