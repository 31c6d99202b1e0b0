"""Pictures for a report: `<name>.npy` uint8 [rows, columns, H, W, 3] each, and galleries.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.evaluation.store import read_array, write_array

FILE = "galleries.json"
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Gallery:
    """`rows` and `columns` are what stands beside and above `pictures` [R, C, H, W, 3], `captions`,
    if any, what stands below each.

    Rows and columns named in `shows` are pictures of the people themselves.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    pictures: Pixels
    captions: tuple[tuple[str, ...], ...] = ()
    shows: tuple[str, ...] = ()


def hide_people(gallery: Gallery) -> Gallery | None:
    """Without pictures of the people themselves; None if nothing is left."""
    rows, columns = (
        [place for place, name in enumerate(names) if name not in gallery.shows]
        for names in (gallery.rows, gallery.columns)
    )
    if not rows or not columns:
        return None
    return replace(
        gallery,
        rows=tuple(gallery.rows[row] for row in rows),
        columns=tuple(gallery.columns[column] for column in columns),
        pictures=gallery.pictures[rows][:, columns],
        captions=tuple(
            tuple(gallery.captions[row][column] for column in columns)
            for row in rows
            if gallery.captions
        ),
    )


def write_galleries(folder: Path, galleries: Mapping[str, Gallery]) -> None:
    heads = {}
    for name, gallery in galleries.items():
        write_array(folder, name, gallery.pictures)
        heads[name] = {key: value for key, value in vars(gallery).items() if key != "pictures"}
    text = json.dumps(heads, indent=1, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read_galleries(folder: Path) -> dict[str, Gallery]:
    """ValueError naming the file if there are none."""
    path = folder / FILE
    if not path.is_file():
        raise ValueError(f"{path}: no such file; run the stage that evaluates first")
    heads = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: Gallery(
            tuple(head["rows"]),
            tuple(head["columns"]),
            read_array(folder, name),
            tuple(tuple(row) for row in head["captions"]),
            tuple(head["shows"]),
        )
        for name, head in heads.items()
    }
