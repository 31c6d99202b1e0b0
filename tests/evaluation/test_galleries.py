"""Pictures for a report, on disk and without the people themselves."""

from pathlib import Path

import numpy as np
import pytest

from tasks.evaluation.galleries import Gallery, hide_people, read_galleries, write_galleries
from tasks.report.networks.gallery import draw_galleries, list_pictures

PICTURES = np.arange(2 * 3 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 4, 3)
IN_COLUMNS = Gallery(
    ("anna", "ben"),
    ("original", "from the voice", "1"),
    PICTURES,
    (("", "40°", "somebody"), ("", "50°", "anna")),
    ("original", "1"),
)
IN_ROWS = Gallery(("own", "made"), ("a", "b", "c"), PICTURES, shows=("own",))


def test_galleries_come_back_as_they_were_written(tmp_path: Path) -> None:
    write_galleries(tmp_path, {"one": IN_COLUMNS, "two": IN_ROWS})
    found = read_galleries(tmp_path)
    for name, gallery in (("one", IN_COLUMNS), ("two", IN_ROWS)):
        assert np.array_equal(found[name].pictures, gallery.pictures)
        for field in ("rows", "columns", "captions", "shows"):
            assert getattr(found[name], field) == getattr(gallery, field)


def test_without_an_evaluation_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"galleries\.json: no such file"):
        read_galleries(tmp_path)


def test_real_people_are_not_shown() -> None:
    hidden = hide_people(IN_COLUMNS)
    assert hidden is not None
    assert hidden.columns == ("from the voice",)
    assert hidden.captions == (("40°",), ("50°",))
    assert np.array_equal(hidden.pictures, PICTURES[:, 1:2])
    hidden = hide_people(IN_ROWS)
    assert hidden is not None
    assert hidden.rows == ("made",)
    assert np.array_equal(hidden.pictures, PICTURES[1:])
    assert hide_people(Gallery(("own",), ("a", "b", "c"), PICTURES[:1], shows=("own",))) is None


def test_the_report_shows_and_lists_what_may_be_shown() -> None:
    galleries, titles = {"one": IN_COLUMNS}, {"one": ("One", "pictures")}
    widths = [
        draw_galleries(galleries, titles, may_show_faces=may)["one"].width_px
        for may in (False, True)
    ]
    assert widths[0] < widths[1]
    assert [*list_pictures(galleries, may_show_faces=False)] == [
        ("one", "anna", "from the voice", "40°"),
        ("one", "ben", "from the voice", "50°"),
    ]
    assert len([*list_pictures(galleries, may_show_faces=True)]) == 6
