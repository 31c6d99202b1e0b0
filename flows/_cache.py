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
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tasks.data.files import commit_file, name_temporary
from tasks.data.shards import SHARD_NAME, list_shards, read_key, read_metadata, shard_path
from tasks.data.stored_rows import has_rows

logger = logging.getLogger(__name__)
DVC = Path(".dvc")
# relative path -> object, by shard file name: one committed state of a stage's folder
Version = Mapping[str, Mapping[Path, Path]]


def restore_shards(
    wanted: Mapping[int, str], *, out: Path, root: Path, is_done: Callable[[Path, str], bool]
) -> set[int]:
    """Links those of the `wanted` shards (number -> key) into place that are in the cache.

    `root` is DVC's out; a shard is all files of its name below it and counts as made by the one
    in `out`. Stubs of which the store no longer has the object are passed over.
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
                and all(map(has_rows, files.values()))
            ):
                _place(files, root=root, card=card)
                restored.add(index)
                break
    return restored


def remove_altered(out: Path, *, root: Path) -> None:
    """Removes what is left of shards that are not what DVC was given under their key.

    A shard is all files of its name below `root`, DVC's out: of a damaged or incomplete one its
    card in `out` goes, so that it is made again. Only files newer than all listings are read. A
    damaged file may be a hard link to its object, which then goes, too.
    """
    listings = list(find_objects().glob("??/*.dir"))
    newest = max((path.stat().st_mtime_ns for path in listings), default=0)
    versions = read_versions(find_objects())
    for path in [path for path in root.rglob("shard-*.parquet") if _is_newer(path, newest)]:
        objects = _find_objects_of(path.relative_to(root), versions)
        if path.exists() and _is_altered(path, objects):
            logger.warning("%s: altered since it was made, removed", path)
            for item in [item for item in objects if item.samefile(path)]:
                item.unlink()
            path.unlink()
            (out / path.name).unlink(missing_ok=True)
    for card in list_shards(out).values():
        if _is_incomplete(card, versions, root=root):
            logger.warning("%s: files of this shard are gone, so it is removed", card)
            card.unlink()


def _is_newer(path: Path, time_ns: int) -> bool:
    return path.stat().st_mtime_ns > time_ns


def _find_objects_of(path: Path, versions: Iterable[Version]) -> set[Path]:
    """Every object that stood at this place in some version, where the cache still has it."""
    found = {version.get(path.name, {}).get(path) for version in versions}
    return {item for item in found if item is not None and item.exists()}


def _is_altered(path: Path, objects: Iterable[Path]) -> bool:
    """True for content that DVC has not been given, with the metadata of a file that it has, or
    with none that can be read."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "md5").hexdigest()
    known = list(objects)
    if any(item.parent.name + item.name == digest for item in known):
        return False
    found = _read_whole_metadata(path)
    return any(found in (None, _read_whole_metadata(item)) for item in known)


def _read_whole_metadata(path: Path) -> dict[str, str] | None:
    try:
        return read_metadata(path)
    except ValueError:
        return None


def _is_incomplete(card: Path, versions: Iterable[Version], *, root: Path) -> bool:
    name = card.relative_to(root)
    for version in versions:
        files = version.get(card.name, {})
        if name in files and any(not (root / path).exists() for path in files):
            return files[name].exists() and read_key(files[name]) == read_key(card)
    return False


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
    temporary = name_temporary(path)
    try:
        os.link(source, temporary)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, temporary)
    commit_file(temporary, path)
