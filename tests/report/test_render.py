import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tasks.report import render
from tasks.report.figures import Figure, plot_bars
from tasks.report.render import Report, encode_metrics, write_report
from tasks.report.tables import Column, Table

HOSTILE = "<script>alert(1)</script>\"'&"
TEMPLATE = """{% extends "base.html.j2" %}{% set sections = {"one": "First"} %}
{% block lead %}{{ num(3, "counts") }}{{ text }}{% endblock %}
{% block content %}{{ m.heading(sections, "one") }}{{ m.show_table(tables.counts) }}
{{ m.show_figures(["bars", "absent"]) }}{% endblock %}"""


class Page(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """A page with one hostile table; its template stands beside the shared ones."""
    folder = tmp_path / "templates"
    folder.mkdir()
    for path in render.TEMPLATES.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "tiny.html.j2").write_text(TEMPLATE)
    monkeypatch.setattr(render, "TEMPLATES", folder)
    columns = (Column("name", "code", HOSTILE), Column("count", "count"))
    table = Table("counts", HOSTILE, columns, ((HOSTILE, 1), (None, None)), HOSTILE)
    figure = Figure("bars", HOSTILE, HOSTILE, plot_bars({"a": 1}, width=200), 200, table.path)
    values = {"title": HOSTILE, "text": HOSTILE}
    log = {"log": (("id",), iter([("x",)]))}
    return Report("tiny.html.j2", values, (table,), (figure,), {"b": 2, "a": 1 / 3}, log)


def test_the_page_is_whole_and_asks_nobody_for_anything(report: Report, tmp_path: Path) -> None:
    page = Page(write_report(report, tmp_path / "out").read_text())
    assert not {"script", "link", "iframe"} & {tag for tag, _ in page.tags}
    assert page.text.count("<script>alert(1)</script>") >= 5
    sources = [attrs["src"] for tag, attrs in page.tags if "src" in attrs]
    assert sources
    assert all(str(source).startswith("data:image/png;base64,") for source in sources)
    ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    for href in (attrs["href"] for tag, attrs in page.tags if tag == "a"):
        assert str(href)[1:] in ids or (tmp_path / "out" / str(href)).is_file()


def test_old_tables_and_figures_go(report: Report, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "tables").mkdir(parents=True)
    (out / "tables" / "old.csv").write_text("x")
    write_report(report, out)
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert files == [
        "figures/bars.png",
        "index.html",
        "metrics.json",
        "tables/counts.csv",
        "tables/log.csv",
    ]
    assert json.loads((out / "metrics.json").read_text()) == {"a": 0.333333, "b": 2}


def test_a_linked_file_is_replaced_not_written_through(report: Report, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    cache = tmp_path / "cache"
    cache.write_text("kept")
    (out / "metrics.json").hardlink_to(cache)
    write_report(report, out)
    assert cache.read_text() == "kept"


def test_metrics_are_numbers() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_metrics({"a": float("nan")})


def test_the_style_names_no_address() -> None:
    style = (render.TEMPLATES / "style.css").read_text()
    assert not re.search(r"url\(|@import|http", style)
