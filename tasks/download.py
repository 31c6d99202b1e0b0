"""download: just the wanted seconds of one shard's clips, as they came."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from prefect import task

from tasks.data.rows import Row, read_outcomes, read_rows, reject, write_rows
from tasks.data.shards import (
    ShardResult,
    compute_key,
    name_shard,
    read_key,
    read_records,
    shard_path,
)
from tasks.outcomes import Outcome, Rejected, Status
from tasks.params import DownloadParams
from tasks.records import DOWNLOAD_SCHEMA, Clip, Download
from tasks.remote.failures import NOT_TRIED
from tasks.remote.fetch import fetch_video, is_remote
from tasks.remote.partial import (
    Partial,
    open_partial,
    read_outcome,
    read_row,
    remove_partial,
    write_row,
)
from tasks.remote.retries import Retries
from tasks.remote.session import Gate, Session, open_session

STAGE = "download"
# What a shard was asked to be made from, and how its clips were fetched; its `key` says what came
# of that.
MADE_FROM, FETCHED_BY = "made_from", "fetched_by"
# Rows hold a megabyte or so each.
ROWS_PER_GROUP = 8


@task(task_run_name="download-{index:05d}")
def download_shard(
    index: int,
    key: str,
    clips: Path,
    out: Path,
    params: DownloadParams,
    *,
    fetched_by: str,
    url_template: str,
    unfinished: Path,
    run_folder: Path,
    retry_failed: bool = False,
    gate: Gate = nullcontext,
    retries: Retries | None = None,
) -> ShardResult:
    """Reads shard `index` of `clips`, writes shard `index` of `out`.

    What an earlier shard of this number got from the network by the same settings (`fetched_by`)
    is taken over; with `retry_failed`, what failed there for now is fetched again. `unfinished`
    holds what is there of shards that are not whole yet; `run_folder` is fresh for each run and
    shared by its processes.
    """
    listed = list(read_records(shard_path(clips, index), Clip, batch_rows=1024))
    path = shard_path(out, index)
    earlier = read_earlier(path, listed, fetched_by=fetched_by)
    work = open_partial(unfinished / name_shard(index), key=key)
    todo = find_missing(len(listed), work, earlier=earlier, retry_failed=retry_failed)
    with open_session(
        params,
        url_template,
        folder=work.folder,
        run_folder=run_folder,
        gate=gate,
        retries=retries,
    ) as session:
        untried = fetch_missing(listed, todo, work, earlier=earlier, session=session)
    old = [place for place in earlier.keys() - set(todo) if read_outcome(work, place) is None]
    taken_over = {listed[place].clip_id for place in old}
    rows = partial(assemble_rows, listed, work, untried, finished=path, taken_over=taken_over)
    result = write_rows(
        path,
        rows(),
        DOWNLOAD_SCHEMA,
        index=index,
        metadata={
            "stage": STAGE,
            MADE_FROM: key,
            FETCHED_BY: fetched_by,
            "key": compute_content_key(rows()),
        },
        rows_per_group=ROWS_PER_GROUP,
        compression="none",  # media are compressed already
    )
    remove_partial(work)
    return result


def is_made_from(path: Path, key: str) -> bool:
    """True where there is a whole shard made from `key`, whatever came of it."""
    return read_key(path, MADE_FROM) == key


def is_finished(path: Path, key: str, *, retry_failed: bool = False) -> bool:
    """True where nothing is to be done for a shard: what `flows.download` skips."""
    if not is_made_from(path, key):
        return False
    return not (retry_failed and any(may_pass(outcome) for outcome in read_outcomes(path)))


def may_pass(outcome: Outcome) -> bool:
    return outcome.reason is not None and outcome.reason.may_pass


def read_earlier(path: Path, listed: Sequence[Clip], *, fetched_by: str) -> dict[int, Outcome]:
    """Outcomes that an earlier shard has for remote clips of this list, by place in the list.

    None of them where it was fetched by other settings or holds the clips in another order.
    """
    if read_key(path, FETCHED_BY) != fetched_by:
        return {}
    places = {clip.clip_id: place for place, clip in enumerate(listed) if is_remote(clip)}
    known = (outcome for outcome in read_outcomes(path) if outcome.clip_id in places)
    found = {places[outcome.clip_id]: outcome for outcome in known}
    return found if list(found) == sorted(found) else {}


def find_missing(
    num_clips: int, work: Partial, *, earlier: Mapping[int, Outcome], retry_failed: bool
) -> list[int]:
    """Places of the clips to fetch: settled neither in an earlier nor in the unfinished shard."""
    missing = []
    for place in range(num_clips):
        outcomes = (earlier.get(place), read_outcome(work, place))
        settled = [
            outcome
            for outcome in outcomes
            if outcome is not None and not (retry_failed and may_pass(outcome))
        ]
        if not settled:
            missing.append(place)
    return missing


def fetch_missing(
    listed: Sequence[Clip],
    places: Iterable[int],
    work: Partial,
    *,
    earlier: Mapping[int, Outcome],
    session: Session,
) -> dict[int, Outcome]:
    """Fetches video by video into the unfinished shard; returns those refused untried by place."""
    videos: dict[str, list[int]] = {}
    for place in places:
        videos.setdefault(listed[place].video_id, []).append(place)
    untried = {}
    for group in videos.values():
        fetched = fetch_video([listed[place] for place in group], session=session)
        for place, (clip, result, attempts) in zip(group, fetched, strict=True):
            attempts += earlier[place].attempts if place in earlier else 0
            row = build_row(clip, result, attempts=attempts)
            if row.outcome.reason in NOT_TRIED:
                untried[place] = row.outcome
            else:
                write_row(work, place, row)
    return untried


def build_row(clip: Clip, result: Download | Rejected, *, attempts: int) -> Row[Download]:
    if isinstance(result, Rejected):
        outcome = reject(clip.clip_id, STAGE, result)
        return Row(replace(outcome, attempts=attempts), None)
    return Row(Outcome(clip.clip_id, Status.kept, STAGE, attempts=attempts), result)


def assemble_rows(
    listed: Sequence[Clip],
    work: Partial,
    untried: Mapping[int, Outcome],
    *,
    finished: Path,
    taken_over: Collection[str],
) -> Iterator[Row[Download]]:
    """All rows in the list's order: refused, fetched, or taken over from the `finished` shard."""
    earlier = read_rows(finished, Download, batch_rows=ROWS_PER_GROUP) if taken_over else iter(())
    kept = (row for row in earlier if row.outcome.clip_id in taken_over)
    for place, clip in enumerate(listed):
        if place in untried:
            yield Row(untried[place], None)
        elif clip.clip_id in taken_over:
            yield next(kept)
        else:
            row = read_row(work, place)
            assert row is not None, place
            yield row


def compute_content_key(rows: Iterable[Row[Download]]) -> str:
    """What later stages depend on: two downloads of one list may differ."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(vars(row.outcome), sort_keys=True).encode())
        if row.record is not None:
            parts = (row.record.media, row.record.picture)
            hashes = [None if part is None else hashlib.sha256(part).hexdigest() for part in parts]
            digest.update(json.dumps([row.record.offset_s, *hashes]).encode())
    return compute_key(stage=STAGE, content=digest.hexdigest())
