"""Face pictures by identity: a folder of pictures, or VGGFace's URL lists (SPEC 1.1)."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tasks.lists.files import kind_of, walk_files
from tasks.lists.ids import make_clip_id, make_safe_id
from tasks.lists.people import People, Person
from tasks.lists.rows import (
    UNDECODABLE,
    OnBadRow,
    describe_bad_row,
    read_lines,
    report_bad_row,
)
from tasks.records import Clip, Kind

# Beside the lists in the official archive.
NO_LISTS = frozenset({"licence", "license", "readme"})
NUMBER = r"(-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)"
ROW = re.compile(r"\s*(\S+)\s+(https?://.*?)\s+" + r"\s+".join([NUMBER] * 7) + r"\s*")
LIST_FORM = "a row is `id url left top right bottom pose score curation`"


def read_faces(
    folder: Path, people: People | None = None, *, source: str, on_bad_row: OnBadRow | None = None
) -> Iterator[Clip]:
    """Pictures of `people` (None: of everybody), as files or as URLs with their boxes in pixels.

    A picture's identity is the name of its folder or list: a name, id or VGGFace2 id of `people`.
    Raises ValueError if nobody of `people` is there.
    """
    lists = find_url_lists(folder)
    if lists:
        faces = _read_url_lists(lists, people, source=source, on_bad_row=on_bad_row)
    else:
        faces = _read_pictures(folder, people, source=source, on_bad_row=on_bad_row)
    found = False
    for clip in faces:
        found = True
        yield clip
    if not found:
        whose = "" if people is None else f" of the persons in {people.path}"
        raise ValueError(f"{folder}: no face picture or URL list{whose}")


def find_url_lists(folder: Path) -> list[Path]:
    """VGGFace's lists, `<name>.txt` in the folder or its `files`; [] if it holds pictures."""
    place = folder / "files" if (folder / "files").is_dir() else folder
    entries = [path for path in sorted(place.iterdir()) if not path.name.startswith(".")]
    if any(path.is_dir() for path in entries):
        return []
    texts = (path for path in entries if path.suffix == ".txt")
    return [path for path in texts if path.stem.lower() not in NO_LISTS]


def _read_pictures(
    folder: Path, people: People | None, *, source: str, on_bad_row: OnBadRow | None
) -> Iterator[Clip]:
    for relative in walk_files(folder, on_bad_row=on_bad_row):
        path = PurePosixPath(relative)
        if kind_of(path.name) is not Kind.face or path.parent.name == "":
            continue
        person = _find_person(path.parent.name, people)
        if person is not None:
            picture = (folder / relative).as_posix()
            yield _make_face(person, path.stem, source=source, picture=picture)


def _read_url_lists(
    lists: list[Path], people: People | None, *, source: str, on_bad_row: OnBadRow | None
) -> Iterator[Clip]:
    for path in lists:
        person = _find_person(path.stem, people)
        if person is None:
            continue
        for number, line in read_lines(path):
            match = ROW.fullmatch(line)
            if match is None or UNDECODABLE in line:
                if line.strip():
                    error = describe_bad_row(path, number, line.strip(), LIST_FORM)
                    report_bad_row(error, on_bad_row)
                continue
            box = (float(match[3]), float(match[4]), float(match[5]), float(match[6]))
            if box[0] >= box[2] or box[1] >= box[3]:
                error = describe_bad_row(path, number, box, "left, top, right, bottom in no order")
                report_bad_row(error, on_bad_row)
                continue
            yield _make_face(person, match[1], source=source, picture=match[2], box=box)


def _find_person(name: str, people: People | None) -> Person | None:
    return Person(name, name, None, None) if people is None else people.get(name)


def _make_face(
    person: Person,
    number: str,
    *,
    source: str,
    picture: str,
    box: tuple[float, float, float, float] | None = None,
) -> Clip:
    """`box` is left, top, right, bottom in pixels."""
    video_id = make_safe_id(f"{person.name}/{number}")
    left, top, right, bottom = box or (0.0, 0.0, 0.0, 0.0)
    return Clip(
        make_clip_id(video_id, None, None),
        source,
        Kind.face,
        video_id,
        identity=person.name,
        gender=person.gender,
        nationality=person.nationality,
        x=(left + right) / 2 if box else None,
        y=(top + bottom) / 2 if box else None,
        width=right - left if box else None,
        height=bottom - top if box else None,
        unit="pixel",
        picture=picture,
    )
