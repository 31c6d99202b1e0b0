"""Cells of tables as values; "" is unknown (None), anything that is not right raises BadCell."""

from math import isfinite

from tasks.lists.rows import BadCell

GENDERS = {"m": "m", "male": "m", "f": "f", "female": "f"}
SPLITS = ("train", "val", "test")
MAX_AGE = 120


def parse_gender(cell: str) -> str | None:
    if cell and cell.lower() not in GENDERS:
        raise BadCell(cell, "gender is m or f")
    return GENDERS.get(cell.lower())


def parse_age(cell: str) -> float | None:
    age = parse_number(cell)
    if age is not None and not 0 <= age <= MAX_AGE:
        raise BadCell(cell, f"an age lies between 0 and {MAX_AGE} years")
    return age


def parse_split(cell: str) -> str | None:
    if cell and cell.lower() not in SPLITS:
        raise BadCell(cell, f"split is one of {', '.join(SPLITS)}")
    return cell.lower() or None


def parse_fraction(cell: str) -> float | None:
    fraction = parse_number(cell)
    if fraction is not None and not 0 <= fraction <= 1:
        raise BadCell(cell, "x, y, width and height are fractions of the frame, 0 to 1")
    return fraction


def parse_number(cell: str) -> float | None:
    if not cell:
        return None
    try:
        number = float(cell)
    except ValueError:
        raise BadCell(cell, "not a number") from None
    if not isfinite(number) or "_" in cell:
        raise BadCell(cell, "not a plain number")
    return number
