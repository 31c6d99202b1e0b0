"""Whole shards out of the store: `python -m flows.fetch data/shards/pairs OUT`."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from flows._command import show_own_logs
from tasks.data.shards import SHARD_NAME
from tasks.data.stored_rows import copy_shard

logger = logging.getLogger("flows.fetch")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every shard is there, 1 where one cannot be read."""
    show_own_logs()
    parser = argparse.ArgumentParser(prog="python -m flows.fetch", description=__doc__)
    parser.add_argument("source", type=Path, help="a folder of shards, or of folders of them")
    parser.add_argument("out", type=Path, help="where to write them, as files that stand alone")
    given = parser.parse_args(arguments)
    try:
        count = fetch(given.source, given.out)
    except (ValueError, OSError) as error:
        logger.error("fetch: %s", error)
        return 1
    logger.info("%d shards in %s", count, given.out)
    return 0


def fetch(source: Path, out: Path) -> int:
    """How many; ValueError where there are none."""
    paths = [path for path in sorted(source.rglob("*")) if SHARD_NAME.fullmatch(path.name)]
    if not paths:
        raise ValueError(f"{source}: no shards")
    for path in paths:
        copy_shard(path, out / path.relative_to(source))
    return len(paths)


if __name__ == "__main__":
    sys.exit(main())
