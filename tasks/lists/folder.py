"""Any folder of media files, with or without a table that describes them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from tasks.lists.files import KINDS, is_inside, kind_of, walk_files
from tasks.lists.ids import make_clip_id, make_safe_id, to_ms
from tasks.lists.labels import parse_age, parse_fraction, parse_gender, parse_number, parse_split
from tasks.lists.rows import BadCell, OnBadRow, describe_bad_row, read_table, report_bad_row
from tasks.records import Clip, Kind

SOURCE = "folder"
COLUMNS = (
    *("file", "voice", "face", "identity", "gender", "age", "ethnicity", "nationality", "split"),
    *("start_s", "end_s", "x", "y", "width", "height"),
)


def read_folder(
    path: Path,
    *,
    table: Path | None = None,
    columns: Mapping[str, str] | None = None,
    on_bad_row: OnBadRow | None = None,
) -> Iterator[Clip]:
    """Every media file below `path`, or the rows of `table`; `columns` maps our names to its own.

    A picture is a face; any other file is a clip, so that a sound without a video is rejected with
    that reason. Only a table's column `voice` asks for sounds alone. Paths in the table are
    relative to `path` and must stay inside it.
    """
    if table is None:
        return _read_files(path, on_bad_row=on_bad_row)
    return _read_rows(path, table, columns=columns or {}, on_bad_row=on_bad_row)


def _read_files(path: Path, *, on_bad_row: OnBadRow | None) -> Iterator[Clip]:
    for relative in walk_files(path, on_bad_row=on_bad_row):
        kind = kind_of(relative)
        if kind is not None:
            yield _make_clip(path, relative, kind=_expect_video(kind))


def _read_rows(
    path: Path, table: Path, *, columns: Mapping[str, str], on_bad_row: OnBadRow | None
) -> Iterator[Clip]:
    is_checked = False
    for line, row in read_table(table, on_bad_row=on_bad_row):
        if not is_checked:
            _check_columns(table, row, columns=columns)
            is_checked = True
        ours = {name: row.get(columns.get(name, name), "") for name in COLUMNS}
        try:
            yield _parse_row(path, ours)
        except BadCell as error:
            report_bad_row(describe_bad_row(table, line, error.value, error.why), on_bad_row)


def _check_columns(table: Path, row: Mapping[str, str], *, columns: Mapping[str, str]) -> None:
    for ours, theirs in columns.items():
        if ours not in COLUMNS:
            raise ValueError(f"corpus.columns: value {ours!r}: not one of {', '.join(COLUMNS)}")
        if theirs not in row:
            raise ValueError(f"{table}:1: value {theirs!r}: corpus.columns names no such column")
    present = {name for name in COLUMNS if columns.get(name, name) in row}
    if "file" not in present and not {"voice", "face"} <= present:
        raise ValueError(
            f"{table}:1: value {','.join(row)!r}: no column `file`, nor `voice` and `face`; "
            "corpus.columns {ours: theirs} maps other names"
        )


def _parse_row(path: Path, row: Mapping[str, str]) -> Clip:
    start_s, end_s = _parse_times(row)
    x, y = parse_fraction(row["x"]), parse_fraction(row["y"])
    if (x is None) != (y is None):
        raise BadCell(row["x"] or row["y"], "x and y go together")
    return replace(
        _make_row_clip(path, row, start_s=start_s, end_s=end_s),
        identity=row["identity"] or None,
        gender=parse_gender(row["gender"]),
        age=parse_age(row["age"]),
        ethnicity=row["ethnicity"] or None,
        nationality=row["nationality"] or None,
        listed_split=parse_split(row["split"]),
        x=x,
        y=y,
        width=parse_fraction(row["width"]),
        height=parse_fraction(row["height"]),
    )


def _parse_times(row: Mapping[str, str]) -> tuple[float | None, float | None]:
    start_s, end_s = parse_number(row["start_s"]), parse_number(row["end_s"])
    for name, value in (("start_s", start_s), ("end_s", end_s)):
        if value is not None and value < 0:
            raise BadCell(row[name], f"{name} lies before the file's start")
    if end_s is not None and to_ms(start_s or 0.0) >= to_ms(end_s):
        raise BadCell(f"{row['start_s']},{row['end_s']}", "start_s must lie before end_s")
    return start_s, end_s


def _make_row_clip(
    path: Path, row: Mapping[str, str], *, start_s: float | None, end_s: float | None
) -> Clip:
    """The row's file, or its voice and face, of which one may be empty."""
    given = [name for name in ("file", "voice", "face") if row[name]]
    if not given or ("file" in given and len(given) > 1):
        value = ",".join(row[name] for name in given)
        raise BadCell(value, "a row names `file`, or `voice` and `face`")
    files = {name: _check_path(path, row[name]) for name in given}
    kinds = {name: _check_kind(files[name]) for name in given}
    if kinds.get("face", Kind.face) is not Kind.face:
        raise BadCell(files["face"], "`face` must be a picture")
    if kinds.get("voice") is Kind.face:
        raise BadCell(files["voice"], "`voice` must not be a picture")
    if len(given) == 2:
        return _make_pair(path, files["voice"], files["face"], start_s=start_s, end_s=end_s)
    name = given[0]
    kind = Kind.voice if name == "voice" else _expect_video(kinds[name])
    return _make_clip(path, files[name], kind=kind, start_s=start_s, end_s=end_s)


def _expect_video(kind: Kind) -> Kind:
    return Kind.clip if kind is Kind.voice else kind


def _check_path(path: Path, cell: str) -> str:
    """The cell's file relative to `path`; links are resolved to see where it lies."""
    if "\0" in cell or ".." in PurePosixPath(cell).parts:
        raise BadCell(cell, "a path in the table must not hold `..`")
    root, target = os.path.realpath(path), os.path.join(os.path.abspath(path), cell)
    if not is_inside(root, target):
        raise BadCell(cell, f"lies outside corpus.path {path}")
    return os.path.relpath(target, os.path.abspath(path))


def _check_kind(file: str) -> Kind:
    kind = kind_of(file)
    if kind is None:
        raise BadCell(file, f"not a known media extension ({' '.join(KINDS)})")
    return kind


def _make_clip(
    path: Path,
    relative: str,
    *,
    kind: Kind,
    start_s: float | None = None,
    end_s: float | None = None,
) -> Clip:
    video_id, file = make_safe_id(relative), (path / relative).as_posix()
    is_face = kind is Kind.face
    return Clip(
        make_clip_id(video_id, start_s, end_s),
        SOURCE,
        kind,
        video_id,
        start_s=start_s,
        end_s=end_s,
        media=None if is_face else file,
        picture=file if is_face else None,
    )


def _make_pair(
    path: Path, voice: str, face: str, *, start_s: float | None, end_s: float | None
) -> Clip:
    clip = _make_clip(path, voice, kind=Kind.pair, start_s=start_s, end_s=end_s)
    # One voice may be paired with several pictures.
    name = f"{clip.video_id}_{make_safe_id(face)}"
    clip_id = make_clip_id(name, start_s, end_s)
    return replace(clip, clip_id=clip_id, picture=(path / face).as_posix())
