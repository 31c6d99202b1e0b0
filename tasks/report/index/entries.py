"""What the index says of each report: its headline sentence, how sure that is, and a figure."""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.report.networks.headline import NAME
from tasks.report.tables import format_number, format_share

PAGE, README = "index.html", "README.md"
RECORDED, VARIANTS = "recorded", "variants"
TITLES = {
    "dataset": "Data set",
    "voice2face": "Wen et al. 2019: faces from voices",
    "speech2face": "Oh et al. 2019: Speech2Face",
    "ar_spm": "Wang et al. 2020: AR-SPM",
    "matching": "Matching: SVHF, DIMNet and Wen et al. side by side",
}
DATASET_FIGURES = ("faces", "funnel")


@dataclass(frozen=True)
class Entry:
    """`name` is the anchor, `link` relative to the index; `png` its figure, if any."""

    name: str
    title: str
    link: str
    sentence: str
    verdict: str = ""
    is_good: bool = True
    png: bytes | None = None


def list_entries(reports: Path) -> list[Entry]:
    """Reports that are there, in the order of TITLES; ValueError if there is none."""
    found = {path.parent.name: path.parent for path in reports.glob(f"*/{PAGE}")}
    names = [*TITLES, *sorted(set(found) - set(TITLES) - {VARIANTS})]
    entries = [_read_entry(found[name], reports) for name in names if name in found]
    entries += _read_variants(reports)
    entries += _read_recorded(reports)
    if not entries:
        raise ValueError(f"{reports}: no reports yet; run the stages that write them first")
    return entries


def _read_entry(folder: Path, reports: Path, *, title: str = "") -> Entry:
    link = (folder / PAGE).relative_to(reports).as_posix()
    name = link.removesuffix(f"/{PAGE}").replace("/", "-")
    title = title or TITLES.get(folder.name, folder.name.replace("_", " "))
    path = folder / "tables" / f"{NAME}.csv"
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            (row,) = csv.DictReader(file)
        png = _read_figure(folder, row["figure"])
        return Entry(
            *(name, title, link, row["sentence"], row["verdict"]), row["is_good"] == "yes", png
        )
    if folder.name == "dataset":
        pngs = [_read_figure(folder, figure) for figure in DATASET_FIGURES]
        png = next((png for png in pngs if png is not None), None)
        return Entry(name, title, link, describe_dataset(folder), png=png)
    return Entry(name, title, link, "")


def describe_dataset(folder: Path) -> str:
    """From the report's metrics.json."""
    values = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    share = format_share(values["clips_kept_share"])
    minutes = format_number(60 * values["speech_h"])
    leaks = values["leaks_identity"] + values["leaks_video_id"]
    overlap = f"{leaks} people or videos are in more than one split" if leaks else "no overlap"
    return (
        f"{values['clips_kept']:,} of {values['clips_listed']:,} listed clips ({share}) of "
        f"{values['people']:,} people came through, with {minutes} minutes of speech; "
        f"between the splits: {overlap}."
    )


def _read_figure(folder: Path, name: str) -> bytes | None:
    path = folder / "figures" / f"{name}.png"
    return path.read_bytes() if name and path.is_file() else None


def _read_variants(reports: Path) -> Iterator[Entry]:
    for path in sorted((reports / VARIANTS).glob(f"*/{PAGE}")):
        name = path.parent.name
        title = f"Variants and ablations: {TITLES.get(name, name.replace('_', ' '))}"
        yield _read_entry(path.parent, reports, title=title)


def _read_recorded(reports: Path) -> Iterator[Entry]:
    """Runs kept in git; the first paragraph of their README stands for them."""
    for path in sorted((reports / RECORDED).glob(f"*/{README}")):
        title, _, text = path.read_text(encoding="utf-8").strip().partition("\n")
        first = re.sub(r"[`*]", "", text.strip().partition("\n\n")[0].replace("\n", " "))
        page = path.with_name(PAGE)
        link = (page if page.is_file() else path).relative_to(reports).as_posix()
        heading = f"Recorded run: {title.lstrip('# ')}"
        yield Entry(f"{RECORDED}-{path.parent.name}", heading, link, first)
