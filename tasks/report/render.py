"""A report on disk: a self-contained `index.html`, `metrics.json`, `tables` and `figures`."""

import json
import math
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tasks.data.files import commit_file
from tasks.report.embed import make_data_url
from tasks.report.figures import Figure
from tasks.report.tables import (
    Cell,
    Format,
    Table,
    clean_text,
    encode_csv,
    format_cell,
    shorten,
)

TEMPLATES = Path(__file__).parent / "templates"
METRIC_DIGITS = 6
# Name to header and rows.
Logs = Mapping[str, tuple[tuple[str, ...], Iterable[tuple[Cell, ...]]]]


@dataclass(frozen=True)
class Report:
    """`template` extends `base.html.j2`; `values` are what it names besides tables and figures.

    `logs` are CSVs too long to hold: name to header and rows.
    """

    template: str
    values: Mapping[str, Any]
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...]
    metrics: Mapping[str, int | float]
    logs: Logs = field(default_factory=dict)


def write_report(report: Report, out: Path) -> Path:
    """Writes all of it below `out`, the page last, and removes tables and figures of before.

    Every file is replaced, never opened for writing, as DVC may have linked it to its cache.
    """
    for table in report.tables:
        lines = encode_csv([column.name for column in table.columns], table.rows)
        _write(out / table.path, lines)
    for name, (header, rows) in report.logs.items():
        _write(out / "tables" / f"{name}.csv", encode_csv(header, rows))
    for figure in report.figures:
        _write(out / figure.path, [figure.png])
    _remove_foreign(out, report)
    _write(out / "metrics.json", [encode_metrics(report.metrics)])
    write_page(report, out / "index.html")
    return out / "index.html"


def write_page(report: Report, path: Path) -> None:
    """The page alone; whole or absent."""
    _write(path, [render_page(report)])


def render_page(report: Report) -> str:
    """The HTML page; whatever comes from `report` is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        cell=format_cell, shorten=shorten, clean=clean_text, data_url=make_data_url
    )
    return environment.get_template(report.template).render(
        **report.values,
        tables={table.name: table for table in report.tables},
        figures={figure.name: figure for figure in report.figures},
        num=link_number,
    )


def link_number(value: Cell, table: str, kind: Format = "count") -> Markup:
    """A number in a sentence, linked to the CSV it comes from."""
    return Markup('<a class="num" href="tables/{}.csv">{}</a>').format(
        table, format_cell(value, kind)
    )


def encode_metrics(metrics: Mapping[str, int | float]) -> str:
    """Sorted flat JSON; raises ValueError for what is not finite."""
    rounded = {name: _round(value) for name, value in metrics.items()}
    return json.dumps(rounded, indent=2, sort_keys=True, allow_nan=False) + "\n"


def _round(value: int | float) -> int | float:
    is_plain = isinstance(value, int) or not math.isfinite(value)
    return value if is_plain else round(value, METRIC_DIGITS)


def _write(path: Path, parts: Iterable[str | bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")
    try:
        with temporary.open("wb") as file:
            for part in parts:
                file.write(part.encode() if isinstance(part, str) else part)
        commit_file(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_foreign(out: Path, report: Report) -> None:
    wanted = {out / table.path for table in report.tables}
    wanted |= {out / figure.path for figure in report.figures}
    wanted |= {out / "tables" / f"{name}.csv" for name in report.logs}
    for folder in (out / "tables", out / "figures"):
        for path in folder.iterdir() if folder.is_dir() else ():
            if path not in wanted:
                path.unlink()
