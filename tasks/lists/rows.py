"""Lines and tables of list files, and what becomes of a row that is not right."""

import codecs
import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

OnBadRow = Callable[[ValueError], None]
UNDECODABLE = "\N{REPLACEMENT CHARACTER}"


class BadCell(Exception):
    """A cell of a row that is not right; the reader knows file and line."""

    def __init__(self, value: str, why: str) -> None:
        super().__init__(value, why)
        self.value, self.why = value, why


def describe_bad_row(path: Path, line: int, value: object, why: str) -> ValueError:
    return ValueError(f"{path}:{line}: value {value!r}: {why}")


def report_bad_row(error: ValueError, on_bad_row: OnBadRow | None) -> None:
    """Raises `error`, or hands it to the caller who skips such rows."""
    if on_bad_row is None:
        raise error
    on_bad_row(error)


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers from 1 and lines without their ends; a UTF-8 BOM is dropped.

    Bytes that are not UTF-8 become U+FFFD, which no field of a list may hold.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if number == 1:
                if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    raise describe_bad_row(path, 1, line[:8], "the list must be UTF-8, not UTF-16")
                line = line.removeprefix(codecs.BOM_UTF8)
            yield number, line.decode("utf-8", "replace").rstrip("\r\n")


def normalise_header(name: str) -> str:
    """`VoxCeleb1 ID `, `VoxCeleb1_ID` and `voxceleb1id` are one column."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def read_table(
    path: Path, *, on_bad_row: OnBadRow | None = None
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line numbers and rows of a table with a header, as {column: cell} with blanks stripped.

    Columns are separated by tabs if the header holds one, else by commas.
    """
    reader = csv.reader(
        (line for _, line in read_lines(path)),
        delimiter="\t" if "\t" in read_header_line(path) else ",",
        strict=True,
    )
    header: list[str] | None = None
    try:
        for raw in reader:
            cells = [cell.strip() for cell in raw]
            if not any(cells):
                continue
            if header is None:
                header = cells
                _check_header(path, header)
            elif (why := _find_fault(cells, header)) is not None:
                error = describe_bad_row(path, reader.line_num, ",".join(raw), why)
                report_bad_row(error, on_bad_row)
            else:
                yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise ValueError(f"{path}:{reader.line_num}: not a CSV row: {error}") from None


def read_header_line(path: Path) -> str:
    """The first line that is not blank; "" if there is none."""
    return next((line for _, line in read_lines(path) if line.strip()), "")


def find_column(path: Path, header: dict[str, str], names: tuple[str, ...]) -> str:
    """The column that is called one of `names` (normalised); ValueError where there is none."""
    by_name = {normalise_header(column): column for column in header}
    for name in names:
        if name in by_name:
            return by_name[name]
    raise ValueError(f"{path}:1: value {','.join(header)!r}: no column called {' or '.join(names)}")


def _check_header(path: Path, header: list[str]) -> None:
    twice = {name for name in header if name and header.count(name) > 1}
    if twice:
        raise describe_bad_row(path, 1, sorted(twice)[0], "two columns of this name")


def _find_fault(cells: list[str], header: list[str]) -> str | None:
    if len(cells) != len(header):
        return f"{len(cells)} cells under a header of {len(header)}"
    if any(UNDECODABLE in cell for cell in cells):
        return "not UTF-8 text"
    return None
