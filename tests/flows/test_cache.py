"""Shards of earlier runs come back from DVC's cache, here one laid out by hand."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from flows._cache import find_objects, remove_altered, restore_shards
from tasks.data.rows import Row, write_rows
from tasks.data.shards import read_key, shard_path
from tasks.outcomes import Outcome, Status
from tasks.records import SPEECH_SCHEMA, Speech


@pytest.fixture(autouse=True)
def in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_shard(path: Path, key: str) -> None:
    rows = [Row(Outcome("c_0-1", Status.kept, "find_speech"), Speech([0, 1], 1.0))]
    write_rows(path, rows, SPEECH_SCHEMA, index=0, metadata={"key": key})


def commit(root: Path, *, objects: Path = Path(".dvc/cache/files/md5"), age_s: int = 0) -> None:
    """As `dvc commit` does: every file under its MD5, and a listing of the folder."""
    listing = []
    for path in root.rglob("*.parquet"):
        digest = hashlib.md5(path.read_bytes()).hexdigest()
        listing.append({"md5": digest, "relpath": path.relative_to(root).as_posix()})
        (objects / digest[:2]).mkdir(parents=True, exist_ok=True)
        path.rename(objects / digest[:2] / digest[2:])
    text = json.dumps(listing)
    name = hashlib.md5(text.encode()).hexdigest()
    (objects / name[:2]).mkdir(exist_ok=True)
    path = objects / name[:2] / f"{name[2:]}.dir"
    path.write_text(text)
    os.utime(path, (2e9 - age_s, 2e9 - age_s))


def has_key(path: Path, key: str) -> bool:
    return read_key(path) == key


def test_a_shard_comes_back_by_its_key() -> None:
    out = Path("data/speech")
    write_shard(shard_path(out, 0), "old")
    write_shard(shard_path(out, 1), "other")
    commit(out, age_s=9)
    write_shard(shard_path(out, 0), "new")
    commit(out)
    write_shard(shard_path(out, 0), "newest")
    restored = restore_shards({0: "old", 1: "none", 2: "old"}, out=out, root=out, is_done=has_key)
    assert restored == {0}
    assert read_key(shard_path(out, 0)) == "old"
    assert shard_path(out, 0).stat().st_nlink == 2
    assert [path.name for path in out.iterdir()] == ["shard-00000.parquet"]


def test_all_files_of_a_shard_or_none() -> None:
    root = Path("data/shards")
    outcomes = root / "outcomes"
    for folder in ("outcomes", "pairs/train", "voices/val"):
        write_shard(shard_path(root / folder, 3), "old")
    commit(root)
    for folder in ("outcomes", "pairs/test"):
        write_shard(shard_path(root / folder, 3), "new")
    arguments = {"out": outcomes, "root": root, "is_done": has_key}
    assert restore_shards({3: "old"}, **arguments) == {3}
    found = {path.parent.relative_to(root).as_posix() for path in root.rglob("*.parquet")}
    assert found == {"outcomes", "pairs/train", "voices/val"}
    assert restore_shards({3: "old"}, **arguments) == {3}

    digest = hashlib.md5(shard_path(root / "voices/val", 3).read_bytes()).hexdigest()
    (find_objects() / digest[:2] / digest[2:]).unlink()
    assert restore_shards({3: "old"}, **arguments) == set()


def test_the_cache_may_lie_elsewhere(tmp_path: Path) -> None:
    Path(".dvc").mkdir()
    Path(".dvc/config").write_text("[core]\n    analytics = false\n[cache]\n    dir = /a\n")
    assert find_objects() == Path("/a/files/md5")
    Path(".dvc/config.local").write_text("[cache]\n    dir = ../../b\n")
    assert find_objects() == Path(".dvc/../../b/files/md5")
    assert restore_shards({0: "key"}, out=tmp_path, root=tmp_path, is_done=has_key) == set()


def commit_linked(root: Path) -> None:
    """The files stay, as hard links to their objects; the listing is of now."""
    commit(root)
    for listing in find_objects().glob("??/*.dir"):
        for entry in json.loads(listing.read_text()):
            digest, path = entry["md5"], root / entry["relpath"]
            if not path.exists():
                os.link(find_objects() / digest[:2] / digest[2:], path)
        os.utime(listing)


def damage(path: Path) -> None:
    """Changes a byte of the content in place, some time after it was committed."""
    content = bytearray(path.read_bytes())
    content[10] ^= 1
    path.write_bytes(content)
    later = path.stat().st_mtime + 100
    os.utime(path, (later, later))


def test_a_damaged_shard_goes_and_its_object_with_it() -> None:
    out = Path("data/speech")
    for index in (0, 1):
        write_shard(shard_path(out, index), f"key {index}")
    commit_linked(out)
    remove_altered(out, root=out)
    assert len(list(out.iterdir())) == 2
    damage(shard_path(out, 1))
    assert read_key(shard_path(out, 1)) == "key 1"
    remove_altered(out, root=out)
    assert [path.name for path in out.iterdir()] == ["shard-00000.parquet"]
    assert restore_shards({1: "key 1"}, out=out, root=out, is_done=has_key) == set()


def test_a_newly_made_shard_is_left_alone() -> None:
    out = Path("data/speech")
    write_shard(shard_path(out, 0), "old")
    commit_linked(out)
    shard_path(out, 0).unlink()
    write_shard(shard_path(out, 0), "new")
    os.utime(shard_path(out, 0), (3e9, 3e9))
    remove_altered(out, root=out)
    assert read_key(shard_path(out, 0)) == "new"


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_shard_of_several_files_is_made_again_as_a_whole(is_gone: bool) -> None:
    root = Path("data/shards")
    for folder in ("outcomes", "pairs/train"):
        write_shard(shard_path(root / folder, 3), "key")
    commit_linked(root)
    pairs = shard_path(root / "pairs/train", 3)
    if is_gone:
        pairs.unlink()
    else:
        damage(pairs)
    remove_altered(root / "outcomes", root=root)
    assert not shard_path(root / "outcomes", 3).exists()
