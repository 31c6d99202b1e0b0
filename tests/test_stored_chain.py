"""The stages' verbs from lists to final shards with all rows at an S3-compatible server."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tasks.data.stubs import read_stub
from tasks.params import CorpusParams
from tasks.sample.server import serve_videos
from tests.s3_server import list_objects, serve_s3
from tests.small_project import hash_files
from tests.verb_chain import FOLDERS, run_verbs

SAMPLE = Path(__file__).parents[1] / "tasks" / "sample"
NUM_SHARDS = 2  # of two clips


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    folder = Path("lists")
    folder.mkdir()
    lines = (SAMPLE / "avspeech_train.csv").read_text().splitlines(keepends=True)
    (folder / "avspeech_train.csv").write_text("".join(lines[: 2 * NUM_SHARDS]))
    (folder / "avspeech_test.csv").write_text("")
    shutil.copy(SAMPLE / "people.csv", folder)
    with serve_s3():
        yield


def run(data: Path, *, store: str | None) -> list[tuple[str, int]]:
    """Which shards were made."""
    settings = {"corpus": {"source": "sample", "watch": "lists"}, "run": {"store": store}}
    Path("params.yaml").write_text(yaml.safe_dump(settings))
    corpus = CorpusParams("sample", Path("lists"), path=Path("lists").resolve(), shard_size=2)
    with serve_videos(SAMPLE / "videos") as url_template:
        return run_verbs(data, corpus, url_template=url_template)


def test_the_objects_are_the_files_of_a_local_run() -> None:
    assert len(run(Path("local/data"), store=None)) == NUM_SHARDS * (len(FOLDERS) + 1)
    files = hash_files(Path("local/data"))
    assert list_objects() == set()
    store = "s3://portraits/shards"
    assert len(run(Path("far/data"), store=store)) == NUM_SHARDS * (len(FOLDERS) + 1)
    stubs = {name: read_stub(Path("far/data") / name) for name in hash_files(Path("far/data"))}
    assert {name: stub and stub.digest for name, stub in stubs.items()} == files
    assert list_objects() == set(files.values())

    before = hash_files(Path("far/data"))
    shutil.rmtree("data/.objects")
    assert run(Path("far/data"), store=store) == []
    for path in Path("far/data/shards").rglob("shard-00001.parquet"):
        path.unlink()
    assert run(Path("far/data"), store=store) == [("shards/outcomes", 1)]
    assert hash_files(Path("far/data")) == before
    assert list_objects() == set(files.values())
