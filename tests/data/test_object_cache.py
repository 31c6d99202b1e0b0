import multiprocessing
import os
import time
from pathlib import Path

import pytest

from tasks.data.object_cache import (
    ABANDONED_S,
    add_object,
    drop_object,
    fetch_object,
    find_object,
    make_room,
)

NAMES = [f"{number:02d}" + "a" * 62 for number in range(5)]
SIZE = 100


def write(path: Path) -> None:
    path.write_bytes(bytes(SIZE))


def refuse(_: Path) -> None:
    raise AssertionError("it is here")


def fetch(folder: Path, name: str, *, max_bytes: int = 3 * SIZE) -> Path:
    return fetch_object(folder, name, num_bytes=SIZE, max_bytes=max_bytes, download=write)


def list_names(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("??/*") if path.name != ".lock"}


def test_a_copy_is_fetched_once(tmp_path: Path) -> None:
    path = fetch(tmp_path, NAMES[0])
    assert path.stat().st_size == SIZE
    again = fetch_object(tmp_path, NAMES[0], num_bytes=SIZE, max_bytes=0, download=refuse)
    assert again == path
    drop_object(tmp_path, NAMES[0])
    drop_object(tmp_path, NAMES[0])
    assert find_object(tmp_path, NAMES[0], num_bytes=SIZE) is None


def test_one_of_another_size_is_fetched_anew(tmp_path: Path) -> None:
    path = fetch(tmp_path, NAMES[0])
    assert path.stat().st_mode & 0o222 == 0
    path.unlink()
    path.write_bytes(b"cut short")
    assert fetch(tmp_path, NAMES[0]).stat().st_size == SIZE


def test_those_not_used_for_longest_make_room(tmp_path: Path) -> None:
    for age, name in ((30, NAMES[0]), (20, NAMES[1]), (10, NAMES[2])):
        path = fetch(tmp_path, name)
        os.utime(path, (time.time() - age, time.time() - age))
    assert find_object(tmp_path, NAMES[0], num_bytes=SIZE) is not None  # used now
    fetch(tmp_path, NAMES[3])
    assert list_names(tmp_path) == {NAMES[0], NAMES[2], NAMES[3]}
    source = tmp_path / "source"
    write(source)
    add_object(tmp_path, source, digest=NAMES[4], max_bytes=2 * SIZE)
    assert NAMES[4] in list_names(tmp_path)
    assert len(list_names(tmp_path)) == 2
    assert not source.exists()


def test_a_failed_download_leaves_nothing(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        write(path)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        fetch_object(tmp_path, NAMES[0], num_bytes=SIZE, max_bytes=SIZE, download=fail)
    assert list_names(tmp_path) == set()


def test_only_abandoned_temporary_files_go(tmp_path: Path) -> None:
    young, old = (tmp_path / "00" / f".{name}.tmp" for name in ("young", "old"))
    young.parent.mkdir()
    write(young)
    write(old)
    before = time.time() - ABANDONED_S - 1
    os.utime(old, (before, before))
    make_room(tmp_path, 0)
    assert list_names(tmp_path) == {young.name}


def fetch_and_log(folder: Path, log: Path, number: int) -> None:
    def download(path: Path) -> None:
        with log.open("a") as file:
            file.write("x")
        time.sleep(0.2)
        write(path)

    fetch_object(folder, NAMES[0], num_bytes=SIZE, max_bytes=SIZE, download=download)


def test_processes_wait_for_one_that_fetches(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    log = tmp_path / "log"
    args = [(tmp_path / "cache", log, number) for number in range(4)]
    children = [spawn.Process(target=fetch_and_log, args=arg) for arg in args]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 4
    assert log.read_text() == "x"
