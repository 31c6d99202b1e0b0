"""Who is who: VoxCeleb's meta CSVs (SPEC 1.1, 1.2) and lists of identities."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from tasks.lists.rows import (
    OnBadRow,
    describe_bad_row,
    find_column,
    normalise_header,
    read_header_line,
    read_lines,
    read_table,
    report_bad_row,
)

# The first of these that a file has; "gendery" stands in HQ-VoxCeleb's copy.
ID = ("voxceleb1id", "voxceleb2id")
NAME = ("vggface1id", "vggfacename", "name")
GENDER = ("gender", "gendery")
FACE_ID = "vggface2id"
NATIONALITY = "nationality"
IDENTITY_COLUMNS = ("vggfacename", "vggface1id", "name", "identity")


@dataclass(frozen=True)
class Person:
    """A row of the meta CSV; `name` is the identity that joins voices and faces."""

    id: str
    name: str
    gender: str | None
    nationality: str | None


class People(Mapping[str, Person]):
    """The persons of a meta CSV by id, by name and by VGGFace2 id, as folders are called."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._by_alias: dict[str, Person] = {}

    def add(self, person: Person, *, aliases: tuple[str, ...]) -> str | None:
        """Returns the alias that is already someone else's, else None."""
        keys = [normalize("NFC", alias) for alias in aliases]
        taken = next((key for key in keys if self._by_alias.get(key, person) != person), None)
        if taken is None:
            self._by_alias.update(dict.fromkeys(keys, person))
        return taken

    def __getitem__(self, alias: str) -> Person:
        return self._by_alias[normalize("NFC", alias)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_alias)

    def __len__(self) -> int:
        return len(self._by_alias)

    @property
    def persons(self) -> list[Person]:
        return list(dict.fromkeys(self._by_alias.values()))


def read_meta(path: Path, *, on_bad_row: OnBadRow | None = None) -> People:
    """Reads `vox1_meta.csv` or `vox2_meta.csv`, tab- or comma-separated, blanks around cells.

    Raises ValueError for a file without an id or name column.
    """
    people = People(path)
    for line, row in read_table(path, on_bad_row=on_bad_row):
        person = Person(
            row[find_column(path, row, ID)],
            normalize("NFC", row[find_column(path, row, NAME)]),
            row[find_column(path, row, GENDER)] or None,
            _get(row, NATIONALITY),
        )
        why = _find_fault(person)
        if why is None:
            aliases = (person.id, person.name, _get(row, FACE_ID) or person.id)
            taken = people.add(person, aliases=aliases)
            why = None if taken is None else f"{taken} is already another person"
        if why is not None:
            report_bad_row(describe_bad_row(path, line, ",".join(row.values()), why), on_bad_row)
    if not people:
        raise ValueError(f"{path}: no person in it")
    return people


def read_identities(path: Path) -> frozenset[str]:
    """Names: one a line, or the name column of a table such as `vox1_meta.csv`."""
    header = read_header_line(path).replace("\t", ",").split(",")
    if {normalise_header(cell) for cell in header} & set(IDENTITY_COLUMNS):
        rows = [row for _, row in read_table(path)]
        names = [row[find_column(path, row, IDENTITY_COLUMNS)] for row in rows]
    else:
        names = [line.strip() for _, line in read_lines(path)]
    found = frozenset(normalize("NFC", name) for name in names if name)
    if not found:
        raise ValueError(f"{path}: no name in it")
    return found


def _get(row: Mapping[str, str], name: str) -> str | None:
    return next((row[key] or None for key in row if normalise_header(key) == name), None)


def _find_fault(person: Person) -> str | None:
    if not person.id or not person.name:
        return "a person needs an id and a name"
    return None if person.gender in ("m", "f", None) else "gender is m or f"
