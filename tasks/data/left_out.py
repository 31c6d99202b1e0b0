"""What of the lists is in no shard: rows that repeat others and rows that could not be read."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tasks.data.files import commit_file

NAME = "left_out.json"


@dataclass(frozen=True)
class LeftOut:
    """`first_errors` are the messages of the first bad rows, naming file, line and value."""

    num_repeated: int = 0
    num_bad_rows: int = 0
    first_errors: tuple[str, ...] = ()


def write_left_out(folder: Path, left_out: LeftOut) -> None:
    temporary = folder / f".{NAME}.tmp"
    text = json.dumps(asdict(left_out), indent=1, ensure_ascii=False)
    temporary.write_text(text + "\n", encoding="utf-8")
    commit_file(temporary, folder / NAME)


def read_left_out(folder: Path) -> LeftOut:
    """Nothing was left out where nothing is written."""
    path = folder / NAME
    if not path.exists():
        return LeftOut()
    values = json.loads(path.read_text(encoding="utf-8"))
    return LeftOut(**{**values, "first_errors": tuple(values["first_errors"])})
