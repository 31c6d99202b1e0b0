"""A video and a person deleted from every version, the cache and a remote, and nothing else."""

import hashlib
import json
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from dvc.repo import Repo

from flows._takedown import take_down
from tasks.data.holders import Sought

PEOPLE = {"v1": "ann", "v2": "ann", "v3": "ben"}
STAGES = {
    "write_shards": {"cmd": "true", "outs": ["data/shards"]},
    "train_gan": {"cmd": "true", "deps": ["data/shards"], "outs": ["data/weights/gan"]},
    "report_dataset": {"cmd": "true", "outs": ["reports/dataset/tables"]},
}


def run_git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, capture_output=True)


def write_table(path: Path, **columns: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    pq.write_table(pa.table(columns), path)


def write_version(videos: list[str], *, model: str) -> None:
    """A shard for each video in train, one of outcomes for all, a table and a model."""
    clips = [f"{video}_0-3000" for video in videos]
    for number, (video, clip) in enumerate(zip(videos, clips, strict=True)):
        path = Path(f"data/shards/pairs/train/shard-0000{number}.parquet")
        write_table(path, clip_id=[clip], video_id=[video], identity=[PEOPLE[video]])
    write_table(Path("data/shards/outcomes/shard-00000.parquet"), clip_id=clips)
    Path("data/weights/gan").mkdir(parents=True, exist_ok=True)
    Path("data/weights/gan/model").unlink(missing_ok=True)
    Path("data/weights/gan/model").write_text(model)
    tables = Path("reports/dataset/tables")
    tables.mkdir(parents=True, exist_ok=True)
    (tables / "people.csv").unlink(missing_ok=True)
    (tables / "people.csv").write_text("identity\n" + "\n".join(PEOPLE[v] for v in videos))


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions of the data, both at a remote: of all people, then of ben alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    run_git("init", "-q")
    run_git("config", "user.name", "a person")
    run_git("config", "user.email", "a@example.org")
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}))
    with Repo.init(str(tmp_path)) as repo, repo.config.edit() as config:
        config["remote"] = {"shelf": {"url": str(tmp_path / "shelf")}}
    for name, videos in (("first", ["v1", "v2", "v3"]), ("second", ["v3"])):
        subprocess.run(["rm", "-rf", "data/shards"], check=True)
        write_version(videos, model=name)
        with Repo() as repo:
            repo.commit(force=True)
            repo.push(remote="shelf")
        run_git("add", "--all")
        run_git("commit", "-q", "-m", name)
        run_git("tag", name)


def list_objects(root: str) -> set[str]:
    return {path.parent.name + path.name for path in Path(root).glob("files/md5/??/*")}


def hash_file(path: str) -> str:
    return hashlib.md5(Path(path).read_bytes()).hexdigest()


def test_a_video_goes_and_nothing_else() -> None:
    before = list_objects(".dvc/cache")
    assert list_objects("shelf") == before
    found = take_down(Sought("video", "v1"))
    assert sorted(found.files.values()) == [
        "data/shards/outcomes/shard-00000.parquet",
        "data/shards/pairs/train/shard-00000.parquet",
    ]
    assert found.num_deleted == {"cache": 2, "shelf": 2}
    assert list_objects(".dvc/cache") == list_objects("shelf") == before - found.files.keys()
    assert len(found.models) == 1
    assert found.models[0].startswith("data/weights/gan of first, ")


def test_a_person_is_found_by_the_clips_of_any_version() -> None:
    found = take_down(Sought("identity", "ann"))
    assert sorted(found.files.values()) == [
        "data/shards/outcomes/shard-00000.parquet",
        "data/shards/pairs/train/shard-00000.parquet",
        "data/shards/pairs/train/shard-00001.parquet",
        "reports/dataset/tables/people.csv",
    ]
    kept = hash_file("data/shards/pairs/train/shard-00000.parquet")  # ben's, of the second version
    assert kept in list_objects("shelf")


def test_what_only_the_remote_has_is_deleted_there() -> None:
    for path in Path(".dvc/cache/files/md5").glob("??/*"):
        path.unlink()
    found = take_down(Sought("video", "v2"))
    assert found.num_deleted == {"cache": 0, "shelf": 2}
    names = json.dumps(sorted(found.files.values()))
    assert "shard-00001" in names


def test_who_is_nowhere_leaves_everything() -> None:
    before = list_objects("shelf")
    found = take_down(Sought("identity", "nobody"))
    assert (dict(found.files), found.models) == ({}, ())
    assert list_objects("shelf") == before
