"""What training runs logged: losses, validation figures, gradient norms (S2F Fig. 9)."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

FILE, COLUMNS = "curves.csv", ("network", "log", "quantity", "step", "value")
LOGS = ("log", "validation", "gradients")
LEFT_OUT = ("step", "rate")


def write_curves(folder: Path, encoders: Mapping[str, Path]) -> None:
    """Every quantity of every log of each network, in one long table."""
    with (folder / FILE).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for name, encoder in encoders.items():
            writer.writerows(_read_logs(name, encoder))


def _read_logs(name: str, encoder: Path) -> Iterator[tuple[str, ...]]:
    for log in LOGS:
        path = encoder / f"{log}.csv"
        if not path.is_file():
            continue
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                for quantity, value in row.items():
                    if quantity not in LEFT_OUT:
                        yield name, log, quantity, row["step"], value


def read_curves(folder: Path) -> list[dict[str, str]]:
    """ValueError naming the file if there is none."""
    path = folder / FILE
    if not path.is_file():
        raise ValueError(f"{path}: no such file; run the stage that evaluates first")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
