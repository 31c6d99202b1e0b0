"""A contact sheet of faces: only for people who do not exist."""

import io
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tasks.data.shards import list_shards
from tasks.data.stored_rows import open_shard
from tasks.lists.labels import SPLITS

NUM_COLUMNS, NUM_FACES = 6, 12
FACE_PX, GAP_PX = 160, 8


def read_faces(data: Path) -> list[bytes]:
    """PNGs of the first NUM_FACES different persons of the pairs."""
    found: dict[str, bytes] = {}
    for person, png in _read_pairs(data):
        if len(found) == NUM_FACES:
            break
        found.setdefault(person, png)
    return list(found.values())


def _read_pairs(data: Path) -> Iterator[tuple[str, bytes]]:
    for split in SPLITS:
        for path in list_shards(data / "shards" / "pairs" / split).values():
            with open_shard(path) as file:
                names = ["clip_id", "identity", "face"]
                for batch in file.iter_batches(batch_size=16, columns=names, use_threads=False):
                    for row in batch.to_pylist():
                        yield row["identity"] or row["clip_id"], row["face"]


def draw_sheet(faces: list[bytes]) -> bytes:
    """PNG of the faces in rows of NUM_COLUMNS."""
    step = FACE_PX + GAP_PX
    num_rows = -(-len(faces) // NUM_COLUMNS)
    sheet = Image.new("RGB", (NUM_COLUMNS * step - GAP_PX, num_rows * step - GAP_PX), "white")
    for place, png in enumerate(faces):
        row, column = divmod(place, NUM_COLUMNS)
        with Image.open(io.BytesIO(png), formats=["PNG"]) as face:
            small = face.convert("RGB").resize((FACE_PX, FACE_PX), Image.Resampling.LANCZOS)
        sheet.paste(small, (column * step, row * step))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
