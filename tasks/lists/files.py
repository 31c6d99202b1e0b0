"""Media files below a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from tasks.lists.rows import OnBadRow, report_bad_row
from tasks.records import Kind

VIDEO = "mp4 m4v mov mkv webm avi mpg mpeg wmv flv f4v 3gp 3g2 ts mts m2ts ogv vob mxf"
SOUND = "wav flac mp3 m4a aac ogg oga opus wma aif aiff amr au caf ac3"
PICTURE = "jpg jpeg png bmp webp tif tiff"
KINDS = {
    f".{extension}": kind
    for kind, extensions in ((Kind.clip, VIDEO), (Kind.voice, SOUND), (Kind.face, PICTURE))
    for extension in extensions.split()
}


def kind_of(name: str) -> Kind | None:
    """What a file's name says it is; None for an extension that is not known."""
    return KINDS.get(os.path.splitext(name)[1].lower())


def walk_files(folder: Path, *, on_bad_row: OnBadRow | None = None) -> Iterator[str]:
    """Relative POSIX paths of all files below `folder`, in one order on every machine.

    Hidden files are left out. A link that leads out of the folder, or a name that is not UTF-8, is
    a bad row; a link to a folder inside is not followed, as its files are found in their own place.
    """
    root = os.path.realpath(folder)
    for place, folders, files in os.walk(root, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        prefix = "" if place == root else place[len(root) :].lstrip("/") + "/"
        for name in [*folders, *sorted(name for name in files if not name.startswith("."))]:
            why = _find_fault(root, prefix + name)
            if why is not None:
                error = ValueError(f"{folder}: value {prefix + name!r}: {why}")
                report_bad_row(error, on_bad_row)
            elif name not in folders:
                yield prefix + name


def is_inside(root: str, path: str) -> bool:
    """Whether `path`, its links resolved, lies below `root`, itself resolved."""
    return os.path.commonpath((root, os.path.realpath(path))) == root


def _find_fault(root: str, relative: str) -> str | None:
    path = os.path.join(root, relative)
    if os.path.islink(path) and not is_inside(root, path):
        return "a link that leads out of the folder"
    return None if _is_utf8(relative) else "the name is not UTF-8"


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _raise(error: OSError) -> None:
    raise error
