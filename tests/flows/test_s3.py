"""All shards at an S3-compatible server, DVC's remote: pushed, lost here, pulled, unchanged."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo

from flows._takedown import take_down
from flows._versions import push
from tasks.data.holders import Sought
from tests.fake_corpus import make_clips, write_fake_corpus
from tests.s3_server import SECRET, list_objects, serve_s3
from tests.small_project import hash_files

pytestmark = pytest.mark.slow
OUTS = ("clips", "media", "extracts", "speech", "faces", "features", "shards")
STAGES = {name: {"cmd": "true", "outs": [f"data/{name}"]} for name in OUTS}


@pytest.fixture
def endpoint() -> Iterator[str]:
    with serve_s3() as url:
        yield url


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    subprocess.run(["git", "init", "-q"], check=True)
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}))
    with Repo.init(str(tmp_path)) as repo, repo.config.edit() as config:
        config["remote"] = {"store": {"url": "s3://portraits/dvc", "endpointurl": endpoint}}
    write_fake_corpus(Path("data"), make_clips(60), shard_size=16)
    with Repo() as repo:
        repo.commit(force=True)


def test_everything_comes_back_as_it_was() -> None:
    before = hash_files(Path("data"))
    assert push(OUTS, "store") == len(list_objects()) > len(OUTS)
    assert push(OUTS, "store") == 0
    shutil.rmtree("data")
    shutil.rmtree(".dvc/cache")
    with Repo() as repo:
        repo.pull(remote="store")
    assert hash_files(Path("data")) == before
    text = Path("dvc.lock").read_text() + Path(".dvc/config").read_text()
    assert SECRET not in text


def test_a_video_is_deleted_at_the_server_too() -> None:
    push(OUTS, "store")
    before, video = len(list_objects()), make_clips(60)[20].clip.video_id
    found = take_down(Sought("video", video))
    assert found.num_deleted["store"] == found.num_deleted["cache"] == len(found.files) > len(OUTS)
    assert len(list_objects()) == before - len(found.files)
    assert {name.rpartition("-")[2] for name in found.files.values()} == {"00001.parquet"}
