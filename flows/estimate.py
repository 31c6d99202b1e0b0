"""What building the configured corpus will take, before it starts: `python -m flows.estimate`."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tasks.estimate import HOUR_S, Estimate, StageCost, estimate_corpus, estimate_published
from tasks.estimation.published import CORPORA
from tasks.params import CorpusParams, Params, read_params
from tasks.records import Seconds
from tasks.report.tables import format_bytes

UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def main() -> int:
    """0 if the disk is large enough."""
    given = _read_arguments()
    console = Console(highlight=False)
    try:
        params = change_params(read_params(), given)
        if given.published is None:
            estimate = estimate_corpus(given.data, params)
        else:
            estimate = estimate_published(given.published, given.data, params)
    except (ValueError, OSError) as error:
        sys.exit(f"estimate: {error}")
    volume = describe_volume(estimate, params, published=given.published)
    for part in (volume, list_stages(estimate), *warn(estimate, params)):
        console.print(part)
    return int(estimate.num_bytes_lacking > 0)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m flows.estimate", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"), help="where the shards go")
    parser.add_argument(
        "--published",
        choices=sorted(CORPORA),
        help="plan for a public corpus by its published size, without its lists",
    )
    parser.add_argument("--workers", type=int, help="instead of run.workers")
    parser.add_argument("--requests", type=float, help="instead of download.requests_per_minute")
    return parser.parse_args()


def change_params(params: Params, given: argparse.Namespace) -> Params:
    """With what the command line says instead; a published corpus takes the source's name."""
    run = params.run if given.workers is None else replace(params.run, workers=given.workers)
    download, corpus = params.download, params.corpus
    if given.requests is not None:
        download = replace(download, requests_per_minute=given.requests)
    if given.published is not None:
        lists = corpus.lists or [Path("lists")]
        corpus = CorpusParams("avspeech", corpus.watch, lists=lists)
    return replace(params, run=run, download=download, corpus=corpus)


def describe_volume(estimate: Estimate, params: Params, *, published: str | None = None) -> Table:
    """What is wanted, and what of it comes over the network."""
    volume, download = estimate.volume, params.download
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    origin = "data/clips" if estimate.is_listed else "the lists"
    if published is None:
        table.add_row("corpus", f"{params.corpus.source}, read from {origin}")
    else:
        table.add_row("corpus", f"{published} by its published size ({CORPORA[published].source})")
    table.add_row("wanted", f"{volume.num_clips:,} clips of {len(volume.videos):,} videos or files")
    hours = volume.voice_s / HOUR_S
    sound = f"{hours:,.1f} hours" if hours >= 1 else format_duration(volume.voice_s)
    table.add_row("", f"{sound} of sound")
    if volume.unmeasured:
        table.add_row("", f"length of {len(volume.unmeasured):,} files guessed from some of them")
    table.add_row(
        "network", f"{format_bytes(estimate.network_bytes)} in {volume.num_requests:,} requests"
    )
    if volume.num_requests and params.corpus.source != "sample":
        limits = (
            f"{download.requests_per_minute:g} requests a minute, {download.concurrency} at a time"
        )
        table.add_row("", f"{limits}")
        table.add_row("", f"{estimate.num_runs:,} run(s) by download.budget")
    return table


def list_stages(estimate: Estimate) -> Table:
    """Bytes and time by stage; the last row is the sum."""
    table = Table("stage", box=None, padding=(0, 2, 0, 0))
    for title in ("on disk", "time"):
        table.add_column(title, justify="right")
    table.add_column("bytes from")
    for cost in estimate.stages:
        table.add_row(
            cost.stage, *_describe(cost), "shards here" if cost.is_measured else "default"
        )
    total_s = sum(cost.seconds for cost in estimate.stages)
    table.add_row("all", format_bytes(estimate.num_bytes), format_duration(total_s), style="bold")
    return table


def _describe(cost: StageCost) -> tuple[str, str]:
    return format_bytes(cost.num_bytes), format_duration(cost.seconds) if cost.seconds else "-"


def format_duration(seconds: Seconds) -> str:
    """The two largest units: "3 d 4 h", "12 s"."""
    if seconds < 1:
        return "< 1 s"
    left, parts = round(seconds), list[str]()
    for unit, size in UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count:,} {unit}")
    return " ".join(part for part in parts[:2] if not part.startswith("0 "))


def warn(estimate: Estimate, params: Params) -> list[str]:
    """What the numbers rest on, and whether the disk is large enough."""
    basis = (
        f"Times are for run.workers {params.run.workers}, bytes as if every clip came through; "
        f"defaults were measured on {estimate.profile.words}. DVC's cache shares the "
        "shards' blocks where there are reflinks (XFS, Btrfs); elsewhere (ext4) add as much again."
    )
    free, there = map(format_bytes, (estimate.num_bytes_free, estimate.num_bytes_there))
    state = f"({free} free, {there} there already)"
    if estimate.num_bytes_lacking:
        lacking = format_bytes(estimate.num_bytes_lacking)
        return [basis, f"[bold]The disk is too small by {lacking}[/bold] {state}."]
    return [basis, f"The disk is large enough {state}."]


if __name__ == "__main__":
    sys.exit(main())
