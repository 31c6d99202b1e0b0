"""VoxCeleb1 and 2 (SPEC 1.1, 1.2): face tracks of YouTube videos, or files already obtained.

The official layouts are `txt|wav|aac|mp4/<id>/<YouTubeID>/<number>.<ext>`, below `dev` and `test`
or not; only the last three parts count.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tasks.lists.files import kind_of, walk_files
from tasks.lists.ids import YOUTUBE_ID, make_clip_id
from tasks.lists.people import People, Person
from tasks.lists.rows import OnBadRow, describe_bad_row, report_bad_row
from tasks.records import Clip, Kind

# Frame numbers count at 25 fps of the whole video, whatever its own rate (SPEC 1.2).
TRACK_FPS = 25
# VoxCeleb1 boxes are pixels, VoxCeleb2 boxes fractions of the frame (SPEC 1.2, recalled).
UNITS = {"voxceleb1": "pixel", "voxceleb2": "fraction"}
# Boxes may reach over the frame's edge; beyond this they are no fractions (chosen).
MAX_FRACTION = 2.0
HEADER = ["FRAME", "X", "Y", "W", "H"]
TRACK_NAME = re.compile(r"\d+\.txt")
FRAME_ROW = re.compile(r"\d+(\s+-?\d+(\.\d+)?){4}")


@dataclass(frozen=True)
class Track:
    """One face track file; `box` is left, top, width, height in its first frame."""

    identity: str
    video_id: str
    first_frame: int
    last_frame: int
    box: tuple[float, float, float, float]


def read_tracks(
    folder: Path, people: People, *, source: str, on_bad_row: OnBadRow | None = None
) -> Iterator[Clip]:
    """A clip for every track file below `folder`, in order of path."""
    for relative in walk_files(folder, on_bad_row=on_bad_row):
        if not TRACK_NAME.fullmatch(PurePosixPath(relative).name):
            continue
        path = folder / relative
        try:
            track = read_track(path, unit=UNITS[source])
            person = _find_person(path, people)
            _check_place(path, track, person=person, people=people)
        except ValueError as error:
            report_bad_row(error, on_bad_row)
        else:
            yield _make_track_clip(track, person, source=source)


def read_audio(
    folder: Path, people: People, *, source: str, on_bad_row: OnBadRow | None = None
) -> Iterator[Clip]:
    """A clip for every sound (or talking-face video) file below `folder`, in order of path."""
    for relative in walk_files(folder, on_bad_row=on_bad_row):
        kind = kind_of(relative)
        if kind is None or kind is Kind.face:
            continue
        path = folder / relative
        try:
            person, video_id = _find_person(path, people), _check_video_id(path)
        except ValueError as error:
            report_bad_row(error, on_bad_row)
            continue
        # Several persons may speak in one video, and each has files counted from 1.
        name = f"{video_id}_{person.id}_{PurePosixPath(relative).stem}"
        yield Clip(
            make_clip_id(name, None, None),
            source,
            kind,
            video_id,
            identity=person.name,
            gender=person.gender,
            nationality=person.nationality,
            media=path.as_posix(),
        )


def read_track(path: Path, *, unit: str) -> Track:
    """Reads one track file; raises ValueError naming file, line and value."""
    lines = path.read_bytes().decode("utf-8-sig", "replace").splitlines()
    start = next((n for n, line in enumerate(lines) if line.split() == HEADER), None)
    if start is None:
        raise describe_bad_row(path, 1, " ".join(lines[:1]), f"no line {' '.join(HEADER)}")
    cells = (line.partition(":") for line in lines[:start])
    fields = {key.strip(): value.strip() for key, _, value in cells}
    for key in ("Identity", "Reference"):
        if not fields.get(key):
            raise describe_bad_row(path, 1, " ".join(lines[:1]), f"no line `{key} : …`")
    rows = [(n, line) for n, line in enumerate(lines[start + 1 :], start + 2) if line.strip()]
    if not rows:
        raise describe_bad_row(path, start + 1, lines[start], "no frame below it")
    first, box = _parse_row(path, *rows[0], unit=unit)
    last, _ = _parse_row(path, *rows[-1], unit=unit)
    if last <= first:
        raise describe_bad_row(path, rows[-1][0], last, f"the last frame is not after {first}")
    return Track(fields["Identity"], fields["Reference"], first, last, box)


def _parse_row(
    path: Path, number: int, line: str, *, unit: str
) -> tuple[int, tuple[float, float, float, float]]:
    """A row's frame number and box (left, top, width, height)."""
    if not FRAME_ROW.fullmatch(line.strip()):
        raise describe_bad_row(path, number, line.strip(), f"not a row {' '.join(HEADER)}")
    frame, *cells = line.split()
    left, top, width, height = map(float, cells)
    if min(width, height) <= 0:
        raise describe_bad_row(path, number, line.strip(), "a box without width or height")
    if unit == "pixel" and any("." in cell for cell in cells):
        raise describe_bad_row(
            path, number, line.strip(), "VoxCeleb1 boxes are whole pixels: is this VoxCeleb2?"
        )
    if unit == "fraction" and max(map(abs, (left, top, width, height))) > MAX_FRACTION:
        raise describe_bad_row(
            path, number, line.strip(), "VoxCeleb2 boxes are fractions: is this VoxCeleb1?"
        )
    return int(frame), (left, top, width, height)


def _find_person(path: Path, people: People) -> Person:
    folder = path.parent.parent.name
    if folder not in people:
        raise ValueError(f"{path}: value {folder!r}: no such person in {people.path}")
    return people[folder]


def _check_video_id(path: Path) -> str:
    video_id = path.parent.name
    if not YOUTUBE_ID.fullmatch(video_id):
        raise ValueError(f"{path}: value {video_id!r}: the folder is not called by a YouTube id")
    return video_id


def _check_place(path: Path, track: Track, *, person: Person, people: People) -> None:
    if people.get(track.identity) != person:
        raise describe_bad_row(path, 1, track.identity, f"lies in the folder of {person.name}")
    if track.video_id != _check_video_id(path):
        raise describe_bad_row(path, 2, track.video_id, f"lies in the folder {path.parent.name}")


def _make_track_clip(track: Track, person: Person, *, source: str) -> Clip:
    start_s, end_s = track.first_frame / TRACK_FPS, track.last_frame / TRACK_FPS
    left, top, width, height = track.box
    return Clip(
        make_clip_id(track.video_id, start_s, end_s),
        source,
        Kind.clip,
        track.video_id,
        identity=person.name,
        gender=person.gender,
        nationality=person.nationality,
        start_s=start_s,
        end_s=end_s,
        x=left + width / 2,
        y=top + height / 2,
        width=width,
        height=height,
        unit=UNITS[source],
    )
