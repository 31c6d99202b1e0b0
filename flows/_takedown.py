"""A video or person taken out of every version: DVC's cache and remotes, and whom to tell."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

from dvc.repo import Repo

from flows._git import run_git
from flows._versions import DVC_LOCK, read_lock
from tasks.data.holders import SUFFIXES, Sought, find_clip_ids, holds
from tasks.data.stored_rows import RowsGone, delete_rows, find_run
from tasks.data.stubs import Stub, read_stub

logger = logging.getLogger(__name__)
T = TypeVar("T")
SHARDS, TRAIN = "data/shards", "/train/"


@dataclass(frozen=True)
class Version:
    """A dvc.lock: the commit or tag it stands in, and its stages."""

    name: str
    stages: Mapping[str, Any]


@dataclass
class Store:
    """DVC's cache and remotes as one: an object is read from where it is."""

    databases: Mapping[str, Any]
    listings: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def find(self, digest: str) -> list[str]:
        """Which of them have the object."""
        return [name for name, base in self.databases.items() if base.exists(digest)]

    def open(self, digest: str) -> IO[bytes] | None:
        for name in self.find(digest)[:1]:
            base = self.databases[name]
            file: IO[bytes] = base.fs.open(base.oid_to_path(digest), "rb")
            return file
        return None

    def list_files(self, digest: str) -> list[dict[str, str]]:
        """`relpath` and `md5` of a folder's files; none where its listing is gone."""
        if digest not in self.listings:
            file = self.open(digest)
            self.listings[digest] = [] if file is None else json.loads(file.read())
        return self.listings[digest]


@dataclass(frozen=True)
class Takedown:
    """What was deleted: files by object's hash, objects by place; `models` had seen it."""

    files: Mapping[str, str]
    num_deleted: Mapping[str, int]
    models: tuple[str, ...]


def take_down(sought: Sought) -> Takedown:
    """Deletes the objects that hold it from the cache, all remotes and the store of this project.

    Versions are all of git's commits and tags with a dvc.lock, the one that lies here, and every
    folder in the cache. Reads each Parquet and CSV object's names once.
    """
    with ExitStack() as stack:
        repo = stack.enter_context(Repo(Path.cwd()))
        store = open_store(repo)
        versions = list(list_versions())
        files = list_objects(store, versions)
        if sought.kind == "identity":
            sought = add_clip_ids(store, files, sought)
        found = {
            digest: name
            for digest, name in files.items()
            if _read(store, digest, partial(holds, sought=sought, name=name))
        }
        models = tuple(sorted(list_models(store, versions, found)))
        num_rows = delete_stored_rows(store, found)
        return Takedown(found, delete_objects(store, found) | num_rows, models)


def open_store(repo: Repo) -> Store:
    remotes = {name: repo.cloud.get_remote_odb(name=name) for name in repo.config["remote"]}
    return Store({"cache": repo.cache.local, **remotes})


def list_versions() -> Iterator[Version]:
    """Newest first."""
    if DVC_LOCK.exists():
        yield Version("dvc.lock", read_lock(DVC_LOCK.read_text(encoding="utf-8")))
    for commit in run_git("rev-list", "--all", "--", str(DVC_LOCK)).split():
        if str(DVC_LOCK) in run_git("ls-tree", "--name-only", commit).split("\n"):
            tags = run_git("tag", "--points-at", commit).split()
            name = ", ".join([*tags, commit[:10]])
            yield Version(name, read_lock(run_git("show", f"{commit}:{DVC_LOCK}")))


def list_objects(store: Store, versions: list[Version]) -> dict[str, str]:
    """Path by hash of every file whose names can be read, of all versions and the cache."""
    digests = {
        out["md5"]: out["path"]
        for version in versions
        for stage in version.stages.values()
        for out in stage.get("outs", [])
        if "md5" in out
    }
    cache = Path(store.databases["cache"].path)
    for path in cache.glob("??/*.dir"):
        digests.setdefault(path.parent.name + path.name, "(in no version)")
    return {
        entry["md5"]: f"{path}/{entry['relpath']}"
        for digest, path in digests.items()
        if digest.endswith(".dir")
        for entry in store.list_files(digest)
        if entry["relpath"].endswith(SUFFIXES)
    }


def add_clip_ids(store: Store, files: Mapping[str, str], sought: Sought) -> Sought:
    """With the clips that any version says are the person's."""
    found = frozenset[str]()
    for digest, name in files.items():
        if name.endswith(".parquet"):
            ids = _read(store, digest, partial(find_clip_ids, person=sought.name))
            found |= ids or frozenset()
    return replace(sought, clip_ids=sought.clip_ids | found)


def _read(store: Store, digest: str, compute: Callable[[IO[bytes]], T]) -> T | None:
    file = store.open(digest)
    if file is None:
        return None
    with file:
        try:
            return compute(file)
        except RowsGone as error:
            logger.warning("whom it held is not known: %s", error)
            return None


def read_stubs(store: Store, files: Mapping[str, str]) -> Iterator[tuple[Stub, str]]:
    """With the names of their files."""
    for digest, name in files.items():
        if name.endswith(".parquet") and (stub := _read(store, digest, read_stub)) is not None:
            yield stub, name


def delete_stored_rows(store: Store, found: Mapping[str, str]) -> dict[str, int]:
    """The objects of `run.store` that these files stand for; {} where none of them is a stub."""
    deleted = [delete_rows(stub, Path(name)) for stub, name in read_stubs(store, found)]
    return {str(find_run().store): sum(deleted)} if deleted else {}


def list_models(store: Store, versions: list[Version], found: Mapping[str, str]) -> Iterator[str]:
    """Weights that were trained on one of the objects."""
    for version in versions:
        for stage in version.stages.values():
            deps = {dep["path"]: dep.get("md5", "") for dep in stage.get("deps", [])}
            entries = store.list_files(deps[SHARDS]) if SHARDS in deps else []
            seen = any(e["md5"] in found and TRAIN in f"/{e['relpath']}" for e in entries)
            for out in stage.get("outs", []) if seen else []:
                if out["path"].startswith("data/weights/"):
                    yield f"{out['path']} of {version.name}"


def delete_objects(store: Store, found: Mapping[str, str]) -> dict[str, int]:
    """How many by store."""
    counts = dict.fromkeys(store.databases, 0)
    for digest, name in found.items():
        for place in store.find(digest):
            store.databases[place].delete(digest)
            counts[place] += 1
            logger.info("%s: %s (%s) deleted", place, name, digest)
    return counts
