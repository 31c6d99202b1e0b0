"""A video or person taken out and kept out: `python -m flows.purge --video ID [--everywhere]`."""

import argparse
import logging
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from flows._command import show_own_logs
from flows._process import lock_stage
from flows._takedown import Takedown, take_down
from tasks.data.holders import Sought
from tasks.data.shards import name_shard
from tasks.lists.exclusions import ExclusionKind, add_exclusion
from tasks.params import read_params
from tasks.purge import PurgeReport, purge_shards
from tasks.report.dataset.census import STAGE_FOLDERS

logger = logging.getLogger("flows.purge")
KINDS: tuple[ExclusionKind, ...] = ("video", "identity")
STAGES = (*STAGE_FOLDERS, "write_svhf_shards", "report_dataset")
MAX_SHOWN = 10
NEXT = """next:
  dvc repro                              makes the shards concerned again, and the reports
  dvc gc --workspace                     drops what dvc's cache still holds of them
  dvc gc --workspace --cloud -r REMOTE   the same at a remote you have pushed to
(or `--everywhere`: just the objects that hold it, in every version, cache and remote)
Models trained before have seen what they were trained on: train them again."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when it is out, 1 where a stage is running or a file cannot be read."""
    show_own_logs()
    given = _read_arguments(sys.argv[1:] if arguments is None else arguments)
    kind: ExclusionKind = "identity" if given.video is None else "video"
    name = given.identity if given.video is None else given.video
    try:
        add_exclusion(read_params().corpus.exclusions, kind, name=name)
        with ExitStack() as locks:
            for stage in STAGES:
                locks.enter_context(lock_stage(stage))
            report = purge_shards(given.data, kind, name=name)
            found = Sought(kind, name, frozenset(report.clip_ids), frozenset(report.objects))
            takedown = take_down(found) if given.everywhere else None
    except (ValueError, RuntimeError, OSError) as error:
        logger.error("purge: %s", error)
        return 1
    _describe(report, kind, name)
    if takedown is not None:
        _describe_takedown(takedown)
    return 0


def _describe(report: PurgeReport, kind: ExclusionKind, name: str) -> None:
    logger.info("%s %r is kept out from now on", kind, name)
    if not report.shards:
        logger.info("nothing held it")
        return
    _show("clips removed", report.clip_ids)
    _show("shards concerned", [name_shard(index) for index in report.shards])
    logger.info("%d files removed, %d rewritten", report.num_removed, report.num_rewritten)
    if report.objects:
        logger.info("%d objects deleted from the store", len(report.objects))
    logger.info("%s", NEXT)


def _describe_takedown(takedown: Takedown) -> None:
    for place, count in takedown.num_deleted.items():
        logger.info("%s: %d objects deleted", place, count)
    _show("files of all versions that are gone", sorted(set(takedown.files.values())))
    for model in takedown.models:
        logger.info("had seen it: %s", model)


def _show(title: str, names: Sequence[str]) -> None:
    more = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    logger.info("%s: %d (%s%s)", title, len(names), ", ".join(names[:MAX_SHOWN]), more)


def _read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m flows.purge", description=__doc__)
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--video", metavar="ID", help="its video_id in the shards")
    who.add_argument("--identity", metavar="ID", help="the person's identity in the shards")
    parser.add_argument("--data", type=Path, default=Path("data"), help="where the shards are")
    parser.add_argument(
        "--everywhere",
        action="store_true",
        help="also delete the objects that hold it from DVC's cache and remotes, in every version",
    )
    return parser.parse_args(_join_values(arguments))


def _join_values(arguments: Sequence[str]) -> list[str]:
    """`--video ID` as `--video=ID`: an id may start with `-`."""
    joined, rest = list[str](), iter(arguments)
    for word in rest:
        value = next(rest, None) if word in ("--video", "--identity") else None
        joined.append(word if value is None else f"{word}={value}")
    return joined


if __name__ == "__main__":
    sys.exit(main())
