"""All shards at an S3-compatible server: the same bytes as one process writes to its disk."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import torch
import yaml

from flows.doctor import check_store
from tasks.data.shards import read_records
from tasks.data.stored_rows import copy_shard
from tasks.data.stubs import read_stub
from tasks.params import GenderClassifierParams, LoopParams, RunParams
from tasks.records import Clip
from tasks.train_gender_classifier import fit_gender_classifier
from tasks.training.weights import load_tensors
from tests.s3_server import BUCKET, SECRET, list_objects, serve_s3
from tests.small_project import ROOT, hash_files, make_environment, run_dvc, write_project
from tests.training_corpus import write_training_shards

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
STORE = "s3://portraits/shards"
LAST = "write_shards"
# Kills the process when S3's client is about to send a request (`before`) or has its answer.
KILLED = """
import os, signal, sys
from s3fs import S3FileSystem
from tests.fake_corpus import make_clips, write_fake_corpus
from pathlib import Path

call, moment, count = S3FileSystem._call_s3, sys.argv[1], int(sys.argv[2])

async def call_and_die(self, method, *words, **options):
    global count
    if method == "put_object":
        count -= 1
    if method == "put_object" and count == 0 and moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    answer = await call(self, method, *words, **options)
    if method == "put_object" and count == 0 and moment == "after":
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

S3FileSystem._call_s3 = call_and_die
write_fake_corpus(Path("data"), make_clips(20), shard_size=8)
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with serve_s3() as url:
        yield url


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory, endpoint: str) -> tuple[Path, Path]:
    """The chain to the final shards: one process and its disk; a Dask cluster and S3."""
    folder = tmp_path_factory.mktemp("projects")
    local = write_project(folder / "local", run={"workers": 1})
    far = write_project(folder / "far", run={"dask": "local", "workers": 2, "store": STORE})
    for root in (local, far):
        run_dvc(root, "repro", LAST)
    return local, far


@pytest.fixture
def far(projects: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(projects[1])
    return projects[1]


def test_the_objects_are_the_files_of_one_process(projects: tuple[Path, Path], far: Path) -> None:
    files = hash_files(projects[0] / "data")
    assert len({Path(name).parts[0] for name in files}) == 7
    stubs = {}
    for name in hash_files(far / "data"):
        stub = read_stub(far / "data" / name)
        assert stub is not None
        stubs[name] = stub.digest
    assert stubs == files
    assert set(stubs.values()) <= list_objects()


def test_a_second_run_makes_nothing(far: Path) -> None:
    before = hash_files(far / "data"), list_objects()
    assert "didn't change" in run_dvc(far, "repro", LAST)
    said = run_dvc(far, "repro", "--force", LAST)
    assert said.count("nothing to make") == 6
    assert (hash_files(far / "data"), list_objects()) == before


def test_a_fresh_checkout_pulls_stubs_and_reads(far: Path, tmp_path: Path) -> None:
    run_dvc(far, "remote", "add", "--force", "shelf", str(tmp_path / "shelf"))
    run_dvc(far, "push", "--remote", "shelf")
    before = hash_files(far / "data")
    clips = list(read_records(far / "data/clips/shard-00000.parquet", Clip))
    for folder in ("data", ".dvc/cache"):
        shutil.rmtree(far / folder)
    run_dvc(far, "pull", "--remote", "shelf", "--with-deps", LAST)
    assert hash_files(far / "data") == before
    assert not (far / "data/.objects").exists()
    assert list(read_records(far / "data/clips/shard-00000.parquet", Clip)) == clips
    assert sum(path.stat().st_size for path in (tmp_path / "shelf").rglob("*")) < 2_000_000
    text = (far / "dvc.lock").read_text() + (far / "params.yaml").read_text()
    assert SECRET not in text


def test_a_lost_shard_comes_back_and_a_lost_object_is_made_again(far: Path) -> None:
    path = far / "data/extracts/shard-00001.parquet"
    before, stub = path.read_bytes(), read_stub(path)
    assert stub is not None
    path.unlink()
    assert "from the cache" in run_dvc(far, "repro", "extract_media")
    place = f"shards/{stub.digest[:2]}/{stub.digest}"
    boto3.client("s3").delete_object(Bucket=BUCKET, Key=place)
    (far / "data/.objects" / stub.digest[:2] / stub.digest).unlink(missing_ok=True)
    path.unlink()
    assert "1 shards made" in run_dvc(far, "repro", "extract_media")
    assert path.read_bytes() == before
    assert stub.digest in list_objects()


def write_params(root: Path, *, store: str | None) -> None:
    settings = {"corpus": {"source": "sample", "watch": "a"}, "run": {"store": store}}
    (root / "params.yaml").write_text(yaml.safe_dump(settings))


@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_was_killed_while_it_was_sent_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str, moment: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_params(tmp_path, store=f"s3://portraits/{moment}")
    command = [sys.executable, "-c", KILLED, moment]
    environment = make_environment(ROOT)
    done = subprocess.run([*command, "5"], env=environment, check=False)
    assert done.returncode == -9
    assert len(hash_files(Path("data"))) == 4
    assert all(read_stub(path) for path in Path("data").rglob("shard-*.parquet"))
    subprocess.run([*command, "0"], env=environment, check=True)
    for path in Path("data").rglob("shard-*.parquet"):
        copy_shard(path, Path("out") / path.relative_to("data"))
    found = hash_files(Path("out"))
    shutil.rmtree("data")
    write_params(tmp_path, store=None)
    subprocess.run([*command, "0"], env=environment, check=True)
    assert hash_files(Path("data")) == found


def test_training_reads_from_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_params(tmp_path, store=None)
    write_training_shards(Path("local/shards"))
    write_params(tmp_path, store="s3://portraits/training")
    write_training_shards(Path("far/shards"))
    shutil.rmtree("data/.objects")
    params = GenderClassifierParams(loop=LoopParams(6, 8, log_every=3), rate=3e-3, width=1 / 8)
    for name, workers in (("local", 0), ("far", 2)):
        run = RunParams(training_threads=1, loader_workers=workers, device="cpu")
        out = Path(name) / "weights"
        fit_gender_classifier.fn(Path(name) / "shards", out, "code", params, run)
    one, other = (load_tensors(Path(name) / "weights") for name in ("local", "far"))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert (Path("local/weights/log.csv")).read_text() == Path("far/weights/log.csv").read_text()


def test_doctor_tries_the_store(endpoint: str) -> None:
    assert check_store(None).is_good is None
    before = list_objects()
    assert check_store(STORE).is_good
    assert list_objects() == before
    finding = check_store("s3://no-such-bucket/shards")
    assert finding.is_good is False
    assert "bucket" in finding.message.lower()
