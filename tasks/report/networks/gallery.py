"""Grids of pictures with captions, as one figure.

    figure = draw_gallery(
        "durations", "Faces over speech duration", [Row("person-0003", pictures)],
        columns=["1 s", "2 s"], table="durations",
    )

Pictures are uint8 [H, W, 3]; None leaves a place empty. Show faces of real people only where
`DataCard.may_show_faces`.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

from tasks.evaluation.galleries import Gallery, Pixels, hide_people
from tasks.report.figures import INK, PAPER, Figure
from tasks.report.tables import Cell, shorten

CELL_PX, GAP_PX, DENSITY = 88, 6, 2
FONT_PX, LINE_PX = 12, 17
LABEL_PX, LABEL_LENGTH = 126, 19
FONT = "fonts/ttf/DejaVuSans.ttf"
PICTURE_COLUMNS = ("figure", "row", "column", "caption")


@dataclass(frozen=True)
class Row:
    """`captions`, if any, stand one below each picture."""

    label: str
    pictures: Sequence[Pixels | None]
    captions: Sequence[str] = ()


def draw_galleries(
    galleries: Mapping[str, Gallery],
    titles: Mapping[str, tuple[str, str]],
    *,
    may_show_faces: bool,
    cell: int = CELL_PX,
) -> dict[str, Figure]:
    """By name; `titles` hold title and table. Real people's own pictures are left out, and with
    them what shows nothing else."""
    figures = {}
    for name, gallery in galleries.items():
        shown = gallery if may_show_faces else hide_people(gallery)
        if shown is not None and shown.rows:
            title, table = titles[name]
            figures[name] = draw_gallery(
                name, title, list_rows(shown), table=table, columns=shown.columns, cell=cell
            )
    return figures


def list_rows(gallery: Gallery) -> list[Row]:
    return [
        Row(label, list(pictures), gallery.captions[place] if gallery.captions else ())
        for place, (label, pictures) in enumerate(zip(gallery.rows, gallery.pictures, strict=True))
    ]


def list_pictures(
    galleries: Mapping[str, Gallery], *, may_show_faces: bool
) -> Iterator[tuple[Cell, ...]]:
    """What the galleries show, under PICTURE_COLUMNS."""
    for name, gallery in galleries.items():
        shown = gallery if may_show_faces else hide_people(gallery)
        if shown is not None:
            for row in list_rows(shown):
                for place, column in enumerate(shown.columns):
                    yield name, row.label, column, row.captions[place] if row.captions else ""


def draw_gallery(
    name: str,
    title: str,
    rows: Sequence[Row],
    *,
    table: str,
    columns: Sequence[str] = (),
    alt: str = "",
    cell: int = CELL_PX,
) -> Figure:
    """`cell` is the width of a picture in CSS pixels; `table` names the CSV behind it."""
    png, width = paint_gallery(rows, columns=columns, cell=cell)
    words = alt or f"Pictures in {len(rows)} rows: {', '.join(row.label for row in rows)}"
    return Figure(name, title, words, png, width, f"tables/{table}.csv")


def paint_gallery(
    rows: Sequence[Row], *, columns: Sequence[str] = (), cell: int = CELL_PX
) -> tuple[bytes, int]:
    """PNG and its width in CSS pixels; the same pictures give the same bytes."""
    num_columns = max([*(len(row.pictures) for row in rows), len(columns), 1])
    left = LABEL_PX if any(row.label for row in rows) else 0
    top = LINE_PX if any(columns) else 0
    width = left + num_columns * (cell + GAP_PX) - GAP_PX
    heights = [cell + GAP_PX + LINE_PX * bool(row.captions) for row in rows]
    size = (width * DENSITY, (top + sum(heights)) * DENSITY)
    sheet = Image.new("RGB", size, PAPER)
    draw, font = ImageDraw.Draw(sheet), load_font()
    for column, text in enumerate(columns):
        _write(draw, text, (left + column * (cell + GAP_PX), 0), font=font, width=cell)
    for place, row in enumerate(rows):
        corner = (left, top + sum(heights[:place]))
        _paint_row(sheet, draw, row, corner=corner, cell=cell, font=font)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue(), width


def load_font() -> ImageFont.FreeTypeFont:
    """The one that the other figures are lettered with; it comes with matplotlib."""
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / FONT, FONT_PX * DENSITY)


def _paint_row(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    row: Row,
    *,
    corner: tuple[int, int],
    cell: int,
    font: ImageFont.FreeTypeFont,
) -> None:
    left, top = corner
    label = shorten(row.label, LABEL_LENGTH)
    _write(draw, label, (0, top + cell // 2 - LINE_PX // 2), font=font, width=LABEL_PX)
    for column, picture in enumerate(row.pictures):
        x = left + column * (cell + GAP_PX)
        if picture is not None:
            large = Image.fromarray(picture).resize((cell * DENSITY,) * 2, Image.Resampling.LANCZOS)
            sheet.paste(large, (x * DENSITY, top * DENSITY))
        if row.captions:
            _write(draw, row.captions[column], (x, top + cell), font=font, width=cell)


def _write(
    draw: ImageDraw.ImageDraw,
    text: str,
    corner: tuple[int, int],
    *,
    font: ImageFont.FreeTypeFont,
    width: int,
) -> None:
    """One line; what is wider than `width` CSS pixels is cut."""
    while text and draw.textlength(text, font=font) > width * DENSITY:
        text = text[:-2] + "…" if len(text) > 2 else ""
    x, y = corner
    draw.text((x * DENSITY, y * DENSITY), text, fill=INK, font=font)
