"""Shards of earlier runs that DVC's cache still holds, found by their keys.

DVC's own run cache passes over stages whose outs persist, so without this going back to old
parameters, or a kill while DVC exchanges files for links, would make shards again.
"""

import configparser
import hashlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tasks.data.shards import SHARD_NAME, commit_file, read_key, shard_path

logger = logging.getLogger(__name__)
DVC = Path(".dvc")
# relative path -> object, by shard file name: one committed state of a stage's folder
Version = Mapping[str, Mapping[Path, Path]]


def restore_shards(
    wanted: Mapping[int, str], *, out: Path, root: Path, is_done: Callable[[Path, str], bool]
) -> set[int]:
    """Links those of the `wanted` shards (number -> key) into place that are in the cache.

    `root` is DVC's out; a shard is all files of its name below it and counts as made by the one
    in `out`.
    """
    versions = read_versions(find_objects()) if wanted else []
    restored = set()
    for index, key in wanted.items():
        path = shard_path(out, index)
        card = path.relative_to(root)
        for version in versions:
            files = version.get(path.name, {})
            if (
                card in files
                and all(file.exists() for file in files.values())
                and is_done(files[card], key)
            ):
                _place(files, root=root, card=card)
                restored.add(index)
                break
    return restored


def remove_altered(paths: Iterable[Path], *, root: Path) -> None:
    """Removes shards below `root`, DVC's out, that are not what DVC was given under their key.

    Only files newer than the listing they stand in are read. An altered file may be a hard link to
    its object, which then goes, too.
    """
    listings = {path: path.stat().st_mtime_ns for path in find_objects().glob("??/*.dir")}
    newest = max(listings.values(), default=0)
    suspects = [path for path in paths if path.stat().st_mtime_ns > newest]
    versions = read_versions(find_objects()) if listings and suspects else []
    for path in suspects:
        known = {files.get(path.relative_to(root)) for files in _pick(versions, path.name)}
        objects = {item for item in known if item is not None and item.exists()}
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "md5").hexdigest()
        if any(_name_digest(item) == digest for item in objects):
            continue
        if any(read_key(item) == read_key(path) for item in objects):
            logger.warning("%s: altered since it was made, removed", path)
            for item in objects:
                if item.samefile(path):
                    item.unlink()
            path.unlink()


def _pick(versions: Iterable[Version], name: str) -> list[Mapping[Path, Path]]:
    return [version.get(name, {}) for version in versions]


def _name_digest(item: Path) -> str:
    return item.parent.name + item.name


def find_objects() -> Path:
    """Where the local cache keeps files under their MD5."""
    config = configparser.ConfigParser(strict=False, interpolation=None)
    config.read([DVC / "config", DVC / "config.local"], encoding="utf-8")
    return DVC / config.get("cache", "dir", fallback="cache") / "files" / "md5"


def read_versions(objects: Path) -> list[Version]:
    """All folders that were ever committed and not dropped since, newest first."""
    listings = sorted(objects.glob("??/*.dir"), key=lambda path: -path.stat().st_mtime_ns)
    return [_read_version(path, objects) for path in listings]


def _read_version(listing: Path, objects: Path) -> Version:
    version: dict[str, dict[Path, Path]] = {}
    for entry in json.loads(listing.read_bytes()):
        path, digest = Path(entry["relpath"]), entry["md5"]
        if SHARD_NAME.fullmatch(path.name):
            version.setdefault(path.name, {})[path] = objects / digest[:2] / digest[2:]
    return version


def _place(files: Mapping[Path, Path], *, root: Path, card: Path) -> None:
    """Puts a shard's files where they belong; the one that says it is made comes last."""
    for path in [path for path in root.rglob(card.name) if path.relative_to(root) not in files]:
        path.unlink()
    for name in sorted(files, key=lambda name: (name == card, name)):
        _link(files[name], root / name)


def _link(source: Path, path: Path) -> None:
    if path.exists() and path.samefile(source):
        return  # renaming a link over another one to the same file would leave both
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")
    try:
        os.link(source, temporary)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, temporary)
    commit_file(temporary, path)
