"""AVSpeech lists (SPEC 1.3): `YouTubeID,start_s,end_s,x,y`, comma-separated, no header."""

import re
from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path

from tasks.lists.ids import YOUTUBE_ID, make_clip_id, to_ms
from tasks.lists.rows import OnBadRow, describe_bad_row, read_lines, report_bad_row
from tasks.records import Clip, Kind

OFFICIAL_FORM = (
    "not the official AVSpeech form: no header, no index column, "
    "`YouTubeID,start_s,end_s,x,y` separated by commas"
)
NUMBER = r"\s*(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)\s*"
ROW = re.compile(rf"\s*([A-Za-z0-9_-]{{11}})\s*,{NUMBER},{NUMBER},{NUMBER},{NUMBER}")
# A day (chosen): the lists' own times end at a few hundred seconds.
MAX_TIME_S = 86_400.0


def read_avspeech(
    lists: Sequence[Path], *, on_bad_row: OnBadRow | None = None, source: str = "avspeech"
) -> Iterator[Clip]:
    """The segments of all lists in order; x, y are fractions of the frame.

    A file's name says which list it is: with the word "train" or "test" in it. Raises ValueError
    for a file that is not of the official form at all, even where bad rows are skipped.
    """
    for path in lists:
        yield from _read_list(path, on_bad_row=on_bad_row, source=source)


def infer_split(path: Path) -> str | None:
    """What the file's name says (`avspeech_train.csv`): "train", "test" or None."""
    words = set(re.split(r"[^a-z]+", path.stem.lower()))
    return next((split for split in ("train", "test") if split in words), None)


def _read_list(path: Path, *, on_bad_row: OnBadRow | None, source: str) -> Iterator[Clip]:
    split, is_first = infer_split(path), True
    for number, line in read_lines(path):
        match = ROW.fullmatch(line)
        if match is not None:
            video_id = match[1]
            start_s, end_s, x, y = map(float, match.group(2, 3, 4, 5))
            if end_s <= MAX_TIME_S and to_ms(start_s) < to_ms(end_s) and x <= 1 and y <= 1:
                is_first = False
                yield Clip(
                    make_clip_id(video_id, start_s, end_s),
                    source,
                    Kind.clip,
                    video_id,
                    listed_split=split,
                    start_s=start_s,
                    end_s=end_s,
                    x=x,
                    y=y,
                )
                continue
        cells = [cell.strip() for cell in line.split(",")]
        if not any(cells):
            continue
        if is_first and not _is_official_form(cells):
            raise describe_bad_row(path, number, line, OFFICIAL_FORM)
        is_first = False
        value, why = _find_fault(cells)
        report_bad_row(describe_bad_row(path, number, value, why), on_bad_row)


def _is_official_form(cells: Sequence[str]) -> bool:
    return len(cells) == 5 and all(_parse(cell) is not None for cell in cells[1:])


def _parse(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _find_fault(cells: Sequence[str]) -> tuple[str, str]:
    """The first cell that is not right, and why."""
    if len(cells) != 5:
        return ",".join(cells), f"{len(cells)} fields, not 5"
    if not YOUTUBE_ID.fullmatch(cells[0]):
        return cells[0], "a YouTube id is 11 characters of A-Z a-z 0-9 _ -"
    numbers = []
    for cell in cells[1:]:
        number = _parse(cell)
        if number is None or not isfinite(number) or "_" in cell:
            return cell, "not a plain number"
        numbers.append(number)
    for cell, number in zip(cells[1:3], numbers[:2], strict=True):
        if not 0 <= number <= MAX_TIME_S:
            return cell, f"a time must lie between 0 and {MAX_TIME_S:.0f} s"
    if to_ms(numbers[0]) >= to_ms(numbers[1]):
        return ",".join(cells[1:3]), "the start must lie at least 1 ms before the end"
    for cell, number in zip(cells[3:], numbers[2:], strict=True):
        if not 0 <= number <= 1:
            return cell, "x and y are fractions of the frame, 0 to 1"
    return ",".join(cells), "numbers must be written plainly, without a sign"
