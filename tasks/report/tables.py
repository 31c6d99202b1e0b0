"""Tables of a report: typed columns, as CSV for programs and as text for readers."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Cell = str | int | float | None
Format = Literal["text", "code", "count", "share", "number", "bytes"]
UNKNOWN = "unknown"
NOTHING = "–"
MAX_TEXT = 240
# Control characters, those that turn the direction of a text, and halves of surrogate pairs.
UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+"
)
# What a spreadsheet would run; ids may start with "-" and stay as they are.
FORMULA = re.compile(r"[=+@]|-(?![\w.~%-]*$)")
BYTE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True)
class Column:
    """`name` heads the CSV column, `title` (if another) the shown one."""

    name: str
    format: Format = "text"
    title: str = ""

    @property
    def shown_title(self) -> str:
        return self.title or self.name.replace("_", " ")

    @property
    def is_numeric(self) -> bool:
        return self.format not in ("text", "code")


@dataclass(frozen=True)
class Table:
    """`name` is the CSV's; readers see `max_shown` rows and the columns that are not `hidden`."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    max_shown: int = 40
    hidden: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        return f"tables/{self.name}.csv"

    @property
    def shown_columns(self) -> list[Column]:
        return [column for column in self.columns if column.name not in self.hidden]

    @property
    def shown_rows(self) -> list[list[tuple[Column, Cell]]]:
        return [
            [
                (column, cell)
                for column, cell in zip(self.columns, row, strict=True)
                if column.name not in self.hidden
            ]
            for row in self.rows[: self.max_shown]
        ]

    @property
    def num_left_out(self) -> int:
        return max(0, len(self.rows) - self.max_shown)


def hide_empty(table: Table) -> Table:
    """Columns in which no row has anything (or counts that are all 0) are left to the CSV."""
    columns = zip(*table.rows, strict=True) if table.rows else ()
    empty = {
        column.name
        for column, cells in zip(table.columns, columns, strict=False)
        if all(cell in (None, "") or (cell == 0 and column.format == "count") for cell in cells)
    }
    return replace(table, hidden=table.hidden | empty)


def encode_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Parts of a CSV (RFC 4180, "\\n" ends); text that a spreadsheet would run gets a `'`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([_make_safe(cell) for cell in row])
    yield buffer.getvalue()


def _make_safe(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    text = clean_text(cell)
    return f"'{text}" if FORMULA.match(text) else text


def clean_text(text: str) -> str:
    """One printable line: runs of control characters become a blank."""
    return UNPRINTABLE.sub(" ", text).strip()


def shorten(text: str, length: int = MAX_TEXT) -> str:
    text = clean_text(text)
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def format_cell(cell: Cell, kind: Format) -> str:
    """What a reader sees; not yet escaped for HTML."""
    if cell is None or cell == "":
        return NOTHING
    if isinstance(cell, str):
        return shorten(cell)
    if kind == "share":
        return format_share(cell)
    if kind == "bytes":
        return format_bytes(cell)
    return f"{cell:,}" if isinstance(cell, int) else format_number(cell)


def format_share(share: float) -> str:
    """Percent; never 0.0 for something nor 100.0 for not quite all."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f} %" if share not in (0, 1) else f"{100 * share:.0f} %"


def format_number(number: float) -> str:
    """Three or four significant digits, no exponent; a whole number as one."""
    if float(number).is_integer():
        return f"{number:,.0f}"
    limits = ((1000, 0), (100, 1), (1, 2), (0.1, 3))
    digits = next((digits for limit, digits in limits if abs(number) >= limit), 4)
    return f"{number:,.{digits}f}"


def format_bytes(num_bytes: float) -> str:
    """Decimal units: 1 kB is 1,000 B."""
    for unit in BYTE_UNITS:
        if num_bytes < 1000 or unit == BYTE_UNITS[-1]:
            break
        num_bytes /= 1000
    return f"{num_bytes:.0f} {unit}" if unit == "B" else f"{num_bytes:.3g} {unit}"
