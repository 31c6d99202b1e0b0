import csv
import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def pairs_table():
    """Real pictures, lent for testing."""
    table = Path(os.environ.get("SPEECH_PORTRAITS_DATA", "../shared/data")) / "pairs" / "pairs.csv"
    if not table.is_file():
        pytest.skip("no real test data: set SPEECH_PORTRAITS_DATA")
    return table


@pytest.fixture
def write_table(tmp_path):
    """Writes a table of pictures and empty picture files beside it."""

    def write(rows, columns=("id", "identity", "gender", "age_group")):
        for row in rows:
            for role in ("own", "f2f", "s2f"):
                (tmp_path / f"{row['id']}_{role}.jpg").touch()
        names = [*columns, "own", "f2f", "s2f"]
        path = tmp_path / "pairs.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            for row in rows:
                pictures = {role: f"{row['id']}_{role}.jpg" for role in ("own", "f2f", "s2f")}
                writer.writerow({**pictures, **row})
        return path

    return write
