import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from tasks.data import store as module
from tasks.data.store import (
    delete_object,
    get_object,
    has_object,
    hash_file,
    list_objects,
    open_object,
    put_object,
    read_age_s,
    remove_object,
    try_store,
)

CONTENT = bytes(range(256)) * 40
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(module, "WAITS_S", (0.0, 0.0))
    return f"file://{tmp_path}/store" if request.param == "file" else f"memory://{tmp_path.name}"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(CONTENT)
    assert hash_file(path) == DIGEST
    return path


def find_place(store: str) -> tuple[Any, str]:
    fs, root = url_to_fs(store)
    return fs, f"{root}/{DIGEST[:2]}/{DIGEST}"


def test_an_object_comes_back_and_goes(store: str, source: Path, tmp_path: Path) -> None:
    assert not has_object(store, DIGEST, num_bytes=len(CONTENT))
    put_object(store, source, digest=DIGEST)
    put_object(store, source, digest=DIGEST)
    fs, place = find_place(store)
    assert fs.cat_file(place) == CONTENT
    assert has_object(store, DIGEST, num_bytes=len(CONTENT))
    assert not has_object(store, DIGEST, num_bytes=len(CONTENT) - 1)
    get_object(store, DIGEST, target=tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == CONTENT
    with open_object(store, DIGEST, num_bytes=len(CONTENT)) as file:
        file.seek(300)
        assert file.read(4) == CONTENT[300:304]
    assert delete_object(store, DIGEST)
    assert not delete_object(store, DIGEST)


def test_other_bytes_are_refused(store: str, source: Path, tmp_path: Path) -> None:
    put_object(store, source, digest=DIGEST)
    fs, place = find_place(store)
    fs.pipe_file(place, CONTENT[::-1])
    with pytest.raises(OSError, match="damaged"):
        get_object(store, DIGEST, target=tmp_path / "target")
    with pytest.raises(FileNotFoundError):
        get_object(store, "0" * 64, target=tmp_path / "target")


def test_objects_are_listed_and_nothing_else(store: str, source: Path) -> None:
    assert list(list_objects(store)) == []
    put_object(store, source, digest=DIGEST)
    fs, place = find_place(store)
    fs.pipe_file(place.replace(DIGEST, "notes.txt"), b"not ours")
    (item,) = list_objects(store)
    assert (item.name, item.num_bytes) == (DIGEST, len(CONTENT))
    in_a_day = datetime.now(UTC) + timedelta(days=1)
    assert read_age_s(store, item, now=in_a_day) == pytest.approx(86400, abs=60)
    remove_object(store, item)
    assert list(list_objects(store)) == []


def test_what_may_pass_is_tried_again(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITS_S", (0.0, 0.0))
    put_file, errors = LocalFileSystem.put_file, [OSError("slow down"), TimeoutError()]

    def put_later(self: Any, *words: str) -> None:
        if errors:
            raise errors.pop()
        put_file(self, *words)

    monkeypatch.setattr(LocalFileSystem, "put_file", put_later)
    put_object(f"file://{tmp_path}/store", source, digest=DIGEST)
    assert errors == []
    errors.append(PermissionError("no"))
    with pytest.raises(PermissionError):
        put_object(f"file://{tmp_path}/store", source, digest=DIGEST)


def test_a_half_written_file_has_another_name(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(LocalFileSystem, "mv", stop)
    store = f"file://{tmp_path}/store"
    with pytest.raises(KeyboardInterrupt):
        put_object(store, source, digest=DIGEST)
    assert not has_object(store, DIGEST, num_bytes=len(CONTENT))
    (item,) = list_objects(store)
    assert item.name != DIGEST


def test_a_store_is_tried(store: str, tmp_path: Path) -> None:
    assert try_store(store) is None
    assert list(list_objects(store)) == []
    assert "nowhere" in str(try_store("nowhere://x"))
    (tmp_path / "file").write_text("")
    assert "Error" in str(try_store(f"file://{tmp_path}/file/inside"))
