"""A store in a folder: shards become stubs, and every reader finds their rows."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tasks.data import store as store_module
from tasks.data.datasets import build_pairs_dataset
from tasks.data.readers import read_batches, read_column, read_index
from tasks.data.rows import read_outcomes, read_rows
from tasks.data.shards import list_shards, read_key, read_metadata, read_records
from tasks.data.store import hash_file
from tasks.data.stored_rows import (
    RowsGone,
    copy_shard,
    delete_rows,
    find_run,
    has_rows,
    open_shard,
    read_columns,
)
from tasks.data.streams import Stream, open_batches
from tasks.data.stubs import count_bytes, count_rows, read_stub
from tasks.records import Clip, Extract
from tests.fake_corpus import make_clips, write_fake_corpus
from tests.small_project import hash_files
from tests.training_corpus import write_training_shards

CACHE = Path("data/.objects")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(store_module, "WAITS_S", (0.0,))


def set_store(*, cache_gb: float = 1.0, url: str | None = None) -> None:
    store = url or f"file://{Path.cwd()}/store"
    run = f"{{store: '{store}', store_cache_gb: {cache_gb}}}"
    Path("params.yaml").write_text(f"corpus: {{source: sample, watch: a}}\nrun: {run}\n")


@pytest.fixture
def corpora() -> tuple[Path, Path]:
    """The same rows as whole shards and as stubs."""
    write_fake_corpus(Path("whole"), make_clips(30), shard_size=16)
    set_store()
    write_fake_corpus(Path("data"), make_clips(30), shard_size=16)
    return Path("whole"), Path("data")


def list_files(folder: Path) -> Iterator[Path]:
    return (path.relative_to(folder) for path in sorted(folder.rglob("shard-*.parquet")))


def drop_copies() -> None:
    for path in CACHE.glob("??/*"):
        path.unlink()


def test_an_object_is_the_whole_shard(corpora: tuple[Path, Path]) -> None:
    whole, data = corpora
    names = list(list_files(data))
    assert names == list(list_files(whole))
    for name in names:
        stub = read_stub(data / name)
        assert stub is not None
        digest = hash_file(whole / name)
        assert stub.digest == digest == hash_file(Path("store") / digest[:2] / digest)
        assert stub.num_rows == count_rows(data / name) == count_rows(whole / name)
        assert count_bytes(data / name) == (whole / name).stat().st_size
        assert pq.read_schema(data / name).equals(pq.read_schema(whole / name))
        assert read_key(data / name) == read_key(whole / name)
        assert pq.read_metadata(data / name).num_rows == 0
        assert (data / name).stat().st_size < 20_000


def test_stubs_do_not_depend_on_where_the_store_is(corpora: tuple[Path, Path]) -> None:
    set_store(url="memory://elsewhere")
    write_fake_corpus(Path("other"), make_clips(30), shard_size=16)
    assert hash_files(Path("other")) == hash_files(Path("data"))


@pytest.mark.parametrize("is_cached", [True, False])
def test_rows_are_those_of_whole_shards(corpora: tuple[Path, Path], is_cached: bool) -> None:
    whole, data = corpora
    if not is_cached:
        drop_copies()
    for index in (0, 1):
        path = Path("extracts") / f"shard-0000{index}.parquet"
        assert list(read_outcomes(data / path)) == list(read_outcomes(whole / path))
        assert list(read_rows(data / path, Extract)) == list(read_rows(whole / path, Extract))
        path = Path("clips") / path.name
        assert list(read_records(data / path, Clip)) == list(read_records(whole / path, Clip))
    names = [read_column(read_index(root / "shards/pairs/train"), "identity") for root in corpora]
    np.testing.assert_array_equal(*names)
    batches = [list(read_batches(root / "shards/voices/train")) for root in corpora]
    assert [len(batch["clip_id"]) for batch in batches[0]] == [
        len(batch["clip_id"]) for batch in batches[1]
    ]


def test_an_index_and_few_columns_fetch_no_object(corpora: tuple[Path, Path]) -> None:
    drop_copies()
    for split in ("train", "test"):
        folder = Path("data/shards/pairs") / split
        index, expected = read_index(folder), read_index(Path("whole/shards/pairs") / split)
        places = [(group.index, group.first_row, group.num_rows) for group in index.groups]
        assert places == [(g.index, g.first_row, g.num_rows) for g in expected.groups]
        assert index.keys == expected.keys
        read_column(index, "identity")
    assert list(CACHE.glob("??/[!.]*")) == []


@pytest.mark.parametrize(("cache_gb", "num_fetched"), [(1.0, 1), (0.001, 0)])
def test_batches_are_those_of_whole_shards(cache_gb: float, num_fetched: int) -> None:
    """A split that fits is fetched; of one that does not only the row groups."""
    write_training_shards(Path("whole"))
    set_store(cache_gb=cache_gb)
    write_training_shards(Path("data"))
    drop_copies()
    found = []
    for root in ("whole", "data"):
        dataset = build_pairs_dataset(Path(root) / "pairs/train", Stream(4, seed=0))
        batches = open_batches(dataset, num_workers=2 if root == "data" else 0)
        found.append([next(batches) for _ in range(8)])
    for one, other in zip(*found, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])
    assert len(list(CACHE.glob("??/[!.]*"))) == num_fetched


def test_the_cache_stays_within_its_bound(corpora: tuple[Path, Path]) -> None:
    paths = list(list_shards(Path("data/extracts")).values())
    sizes = [count_bytes(path) for path in paths]
    drop_copies()
    set_store(cache_gb=(max(sizes) + 10) / 1e9)
    for path in [*paths, *paths]:
        with open_shard(path) as file:
            assert file.read().num_rows == count_rows(path)
        assert sum(copy.stat().st_size for copy in CACHE.glob("??/*")) <= max(sizes) + 10


def read_all(paths: list[Path]) -> None:
    for _ in range(5):
        for path in paths:
            with open_shard(path) as file:
                assert file.read().num_rows == count_rows(path)


def test_processes_share_a_cache_that_is_too_small(corpora: tuple[Path, Path]) -> None:
    paths = list(Path("data").rglob("shard-*.parquet"))
    set_store(cache_gb=max(map(count_bytes, paths)) / 1e9)
    spawn = multiprocessing.get_context("spawn")
    children = [spawn.Process(target=read_all, args=(paths[k:] + paths[:k],)) for k in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 4


def test_a_damaged_or_lost_object_is_named(corpora: tuple[Path, Path]) -> None:
    drop_copies()
    path = Path("data/extracts/shard-00000.parquet")
    stub = read_stub(path)
    assert stub is not None
    place = Path("store") / stub.digest[:2] / stub.digest
    place.write_bytes(place.read_bytes()[::-1])
    with pytest.raises(OSError, match="damaged") as error:
        open_shard(path)
    assert all(word in str(error.value) for word in (str(path), stub.digest, "file://"))
    assert list(CACHE.glob("??/[!.]*")) == []
    place.unlink()
    assert not has_rows(path)
    for read in (open_shard, lambda item: read_columns(item, ["clip_id"])):
        with pytest.raises(RowsGone, match=stub.digest):
            read(path)


def test_rows_are_deleted_with_their_copies(corpora: tuple[Path, Path]) -> None:
    path = Path("data/extracts/shard-00000.parquet")
    stub = read_stub(path)
    assert stub is not None
    assert has_rows(path)
    assert delete_rows(stub, path)
    assert not has_rows(path)
    assert not delete_rows(stub, path)


def test_without_a_store_a_stub_says_so(corpora: tuple[Path, Path]) -> None:
    drop_copies()
    Path("params.yaml").write_text("corpus: {source: sample, watch: a}\n")
    with pytest.raises(ValueError, match=r"run\.store names none"):
        open_shard(Path("data/clips/shard-00000.parquet"))


def test_what_runs_goes_on_while_the_parameters_are_edited(corpora: tuple[Path, Path]) -> None:
    store = find_run().store
    assert store is not None
    Path("params.yaml").write_text("corpus: [")
    assert find_run().store == store
    Path("params.yaml").unlink()
    assert find_run().store == store
    Path("elsewhere").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir("elsewhere")
        assert find_run().store is None
        Path("params.yaml").write_text("corpus: [")
        with pytest.raises(ValueError, match="not valid YAML"):
            find_run()


def test_whole_shards_and_stubs_are_read_together(corpora: tuple[Path, Path]) -> None:
    name = Path("shards/pairs/train/shard-00000.parquet")
    expected = read_column(read_index(Path("whole") / name.parent), "clip_id")
    (Path("data") / name).unlink()
    copy_shard(Path("whole") / name, Path("data") / name)
    found = read_column(read_index(Path("data") / name.parent), "clip_id")
    np.testing.assert_array_equal(found, expected)
    copy_shard(Path("data") / name, Path("out") / name)
    assert hash_file(Path("out") / name) == hash_file(Path("whole") / name)
    assert "object_sha256" not in read_metadata(Path("out") / name)
