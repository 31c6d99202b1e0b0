"""The page of a network's report: sections of paragraphs, tables and figures under a headline.

    sections = [Section("matching", "Table 3: matching", (words("… {} …", number), table, figure))]
    report = build_page(Page("Wen et al. 2019", headline, sections), metrics=flatten_scores(…))
    write_report(report, out)

A paragraph is a plain string, or `words(...)` where numbers in it link to their CSV. Tables and
figures of the sections are written without being named again. Models and data cards come from
tasks.report.networks.card as sections of their own; put them last.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from tasks.report.figures import Figure
from tasks.report.networks.headline import Headline, build_headline_table
from tasks.report.render import Logs, Report
from tasks.report.tables import Table

TEMPLATE = "network.html.j2"


@dataclass(frozen=True)
class Doubt:
    """What SPEC leaves open about a published number, shown where it matters."""

    text: str


@dataclass(frozen=True)
class Caution:
    """What a reader must know before believing the figures next to it."""

    text: str


@dataclass(frozen=True)
class Subheading:
    text: str


@dataclass(frozen=True)
class Bullets:
    items: tuple[str, ...]


# A tuple of figures stands side by side where there is room.
Item = str | Markup | Table | Figure | tuple[Figure, ...] | Doubt | Caution | Subheading | Bullets
KINDS = {
    Doubt: "doubt",
    Caution: "caution",
    Subheading: "subheading",
    Bullets: "bullets",
    Table: "table",
    Figure: "figure",
    tuple: "figures",
}


@dataclass(frozen=True)
class Section:
    """`id` is the page's anchor."""

    id: str
    heading: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Page:
    """`lead` stands on the first screen, below the headline."""

    title: str
    headline: Headline
    sections: Sequence[Section]
    lead: tuple[Item, ...] = ()
    logs: Logs = field(default_factory=dict)


def words(text: str, *numbers: Markup | str, **named: Markup | str) -> Markup:
    """A paragraph whose `{}` are filled; plain text among them is escaped."""
    return Markup(text).format(*numbers, **named)


def build_page(page: Page, *, metrics: Mapping[str, int | float]) -> Report:
    """Raises ValueError for two tables or two figures of one name."""
    items = [*page.lead, *(item for section in page.sections for item in section.items)]
    tables = [build_headline_table(page.headline), *find_tables(items)]
    figures = list(find_figures(items))
    for kind, found in (("tables", tables), ("figures", figures)):
        names = [item.name for item in found]
        if len(set(names)) < len(names):
            raise ValueError(f"{page.title}: two {kind} of one name among {sorted(names)}")
    return Report(TEMPLATE, build_values(page), tuple(tables), tuple(figures), metrics, page.logs)


def build_values(page: Page) -> dict[str, Any]:
    return {
        "title": page.title,
        "headline": page.headline,
        "lead": [tag(item) for item in page.lead],
        "sections": {section.id: section.heading for section in page.sections},
        "parts": [(section.id, [tag(item) for item in section.items]) for section in page.sections],
    }


def tag(item: Item) -> tuple[str, Item]:
    """What the template shows it as."""
    return KINDS.get(type(item), "paragraph"), item


def find_tables(items: Iterable[Item]) -> Iterator[Table]:
    yield from (item for item in items if isinstance(item, Table))


def find_figures(items: Iterable[Item]) -> Iterator[Figure]:
    for item in items:
        if isinstance(item, Figure):
            yield item
        elif isinstance(item, tuple):
            yield from item
