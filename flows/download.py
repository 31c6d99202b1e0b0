"""Stage download: just the wanted seconds of every video, as they came."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from prefect import flow

from flows._command import run_command
from flows._limits import set_limits, wait_for_turn
from flows._notices import notify
from flows._shards import run_stage
from tasks.data.shards import compute_key
from tasks.download import download_shard, is_finished
from tasks.params import Params, read_params
from tasks.remote.client import check_setup
from tasks.remote.session import Gate
from tasks.sample.server import serve_videos

UNFINISHED = Path("data/partial/download")
SAMPLE_VIDEOS = Path("tasks/sample/videos")


@flow(name="download")
def download(clips: Path, out: Path, retry_failed: bool = False) -> None:
    """Fetches what CLIPS lists; with RETRY_FAILED also what failed for now."""
    params = read_params()
    with open_corpus(params) as (url_template, gate), TemporaryDirectory() as run_folder:
        settings = {
            "url_template": params.corpus.url_template,
            "max_height_px": params.download.max_height_px,
            "preroll_s": params.download.preroll_s,
        }
        report = run_stage(
            download_shard,
            inputs={"clips": clips},
            out=out,
            key_parts=settings,
            arguments={
                "params": params.download,
                "fetched_by": compute_key(**settings),
                "url_template": url_template,
                "unfinished": UNFINISHED,
                "run_folder": Path(run_folder),
                "retry_failed": retry_failed,
                "gate": gate,
            },
            is_done=partial(is_finished, retry_failed=retry_failed),
            on_cluster=False,  # one address, one set of limits and cookies
        )
    if num_paused := report.counts.get("paused", 0) + report.counts.get("bot_check", 0):
        notify("paused", f"downloads are paused, {num_paused} clips wait: see README, YouTube")


@contextmanager
def open_corpus(params: Params) -> Iterator[tuple[str, Gate]]:
    """Where videos are found, and how to wait for one's turn there.

    The embedded corpus is served by this process meanwhile; nobody needs to be polite to it.
    """
    if params.corpus.source == "sample":
        with serve_videos(SAMPLE_VIDEOS) as url_template:
            yield url_template, nullcontext
        return
    check_setup(params.download, url_template=params.corpus.url_template)
    set_limits(params.download)
    yield params.corpus.url_template, wait_for_turn


if __name__ == "__main__":
    run_command(download)
