"""Drops from the store what no shard of the workspace, the cache or a commit stands for.

`python -m flows.clean_store [--dry-run]`, which `make clean-cache` runs behind `dvc gc`.
"""

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from dvc.exceptions import DvcException
from dvc.repo import Repo

from flows._command import show_own_logs
from flows._takedown import list_objects, list_versions, open_store, read_stubs
from tasks.data.shards import SHARD_NAME
from tasks.data.store import StoredObject, list_errors, read_age_s, remove_object
from tasks.data.store import list_objects as list_stored
from tasks.data.stubs import read_stub
from tasks.params import read_params

logger = logging.getLogger("flows.clean_store")
MIN_AGE_S = 86_400.0  # of what goes: a stage may have its stubs still to write, or to commit
GIGABYTE = 1e9


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when it is clean, 1 where something cannot be read."""
    show_own_logs()
    parser = argparse.ArgumentParser(prog="python -m flows.clean_store", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
    given = parser.parse_args(arguments)
    store = read_params().run.store
    if store is None:
        logger.info("clean_store: no store (run.store)")
        return 0
    try:
        unused = list(find_unused(store, data=Path("data")))
        for item in [] if given.dry_run else unused:
            remove_object(store, item)
    except (ValueError, DvcException, *list_errors()) as error:
        logger.error("clean_store: %s", error)
        return 1
    total = sum(item.num_bytes for item in unused) / GIGABYTE
    verb = "would go" if given.dry_run else "deleted"
    logger.info("%s: %d objects %s (%.3g GB)", store, len(unused), verb, total)
    return 0


def find_unused(store: str, *, data: Path) -> Iterator[StoredObject]:
    """Objects older than MIN_AGE_S that no stub names."""
    now, used = datetime.now(UTC), {*list_used(data), *list_used_by_versions()}
    for item in list_stored(store):
        if item.name not in used and read_age_s(store, item, now=now) > MIN_AGE_S:
            yield item


def list_used(data: Path) -> Iterator[str]:
    """Objects of the workspace's stubs."""
    for path in data.rglob("shard-*.parquet"):
        if SHARD_NAME.fullmatch(path.name) and (stub := read_stub(path)) is not None:
            yield stub.digest


def list_used_by_versions() -> Iterator[str]:
    """Objects of the stubs in DVC's cache, and at its remotes for any commit."""
    with Repo(Path.cwd()) as repo:
        databases = open_store(repo)
        files = list_objects(databases, list(list_versions()))
        for stub, _ in read_stubs(databases, files):
            yield stub.digest


if __name__ == "__main__":
    sys.exit(main())
