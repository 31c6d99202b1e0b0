"""What is stale, taken over and put back, on a project of two stages that run nothing."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo

from flows import retrain
from flows._versions import (
    checkout_stage,
    commit_stage,
    find_stale,
    list_remotes,
    read_command,
    read_hashes,
    replace_in_lock,
    try_remote,
)
from tasks.data.rows import Row, write_rows
from tasks.data.shards import shard_path
from tasks.outcomes import Outcome, Reason, Status
from tasks.records import SPEECH_SCHEMA, Speech

STAGES = {
    "download": {"cmd": "python -m nothing 'a b'", "outs": [{"data/media": {"persist": True}}]},
    "train": {"cmd": "true", "deps": ["data/media"], "outs": ["data/weights"]},
}


def write_media(*, attempts: int, is_kept: bool) -> None:
    path = shard_path(Path("data/media"), 0)
    failed = Outcome("b", Status.failed, "download", Reason.timeout, "timed out", attempts)
    kept = Outcome("b", Status.kept, "download")
    speech = Speech([0, 1], 1.0)
    rows = [
        Row(Outcome("a", Status.kept, "download"), speech),
        Row(kept if is_kept else failed, speech if is_kept else None),
    ]
    write_rows(path, rows, SPEECH_SCHEMA, index=0, metadata={"key": "k"})


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    subprocess.run(["git", "init", "-q"], check=True)
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}))
    with Repo.init(str(tmp_path)):
        write_media(attempts=1, is_kept=False)
    Path("data/weights").mkdir()
    (Path("data/weights") / "w").write_text("1")
    with Repo() as repo:
        repo.commit(force=True)


def test_what_changed_is_named_by_stage() -> None:
    assert find_stale(["download", "train"]) == {}
    write_media(attempts=2, is_kept=False)
    assert find_stale(["download", "train"]) == {
        "download": ["data/media"],
        "train": ["data/media"],
    }
    checkout_stage("download")
    assert find_stale(["download"]) == {}
    write_media(attempts=2, is_kept=True)
    commit_stage("download")
    assert find_stale(["download", "train"]) == {"train": ["data/media"]}


@pytest.mark.parametrize("is_kept", [True, False])
def test_only_clips_that_came_make_anything_stale(
    is_kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        assert command[2:] == ["flows.download", "data/clips", "data/media", "--retry-failed"]
        write_media(attempts=2, is_kept=is_kept)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(retrain.subprocess, "run", fetch)
    retrain.retry_downloads()
    assert ("train" in find_stale(["download", "train"])) is is_kept
    assert "download" not in find_stale(["download"])


def test_a_stage_goes_back_in_the_lock_and_the_others_stay() -> None:
    before = Path("dvc.lock").read_text()
    stages = yaml.safe_load(before)["stages"]
    write_media(attempts=3, is_kept=True)
    commit_stage("download")
    now = read_hashes(Path("dvc.lock").read_text())
    assert now["data/media"] != read_hashes(before)["data/media"]
    replace_in_lock({"download": stages["download"]})
    assert read_hashes(Path("dvc.lock").read_text()) == read_hashes(before)


def test_words_of_a_command() -> None:
    assert read_command("download") == ["python", "-m", "nothing", "a b"]


def test_a_remote_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with Repo() as repo, repo.config.edit() as config:
        config["remote"] = {
            "good": {"url": str(tmp_path / "shelf")},
            "bad": {"url": str(tmp_path / "file" / "shelf")},
        }
    assert list_remotes() == ["good", "bad"]
    assert try_remote("good") is None
    assert "Error" in str(try_remote("bad"))
    assert not [path for path in (tmp_path / "shelf").rglob("*") if path.is_file()]
    shutil.rmtree(tmp_path / "shelf")
