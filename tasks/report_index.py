"""report_index: one page that links all reports with their headlines."""

import logging
from pathlib import Path

from prefect import task

from tasks.report.index.entries import Entry, list_entries
from tasks.report.render import Report, write_page

logger = logging.getLogger(__name__)
PREVIEW_PX = 832  # shown at half of it


@task(task_run_name="report_index")
def write_index(reports: Path, page: Path) -> list[Entry]:
    """Links every report below `reports` on `page`."""
    entries = list_entries(reports)
    sections = {entry.name: entry.title for entry in entries}
    values = {
        "title": "Reports",
        "sections": sections,
        "entries": entries,
        "preview_px": PREVIEW_PX,
    }
    write_page(Report("index.html.j2", values, (), (), {}), page)
    logger.info("report_index: %d reports, see %s", len(entries), page)
    return entries
