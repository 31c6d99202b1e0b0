"""What is deleted from the store: a video in every version, and what nothing stands for."""

import subprocess
from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo

from flows import clean_store
from flows._cache import restore_shards
from flows._takedown import take_down
from flows.fetch import main as fetch
from flows.purge import main as purge
from tasks.data.holders import Sought, holds
from tasks.data.rows import read_outcomes
from tasks.data.shards import read_key, shard_path
from tasks.data.store import hash_file, put_object
from tasks.data.stubs import count_rows, read_stub
from tests.fake_corpus import FakeClip, make_clips, write_fake_corpus
from tests.small_project import hash_files

OUTS = ("clips", "media", "extracts", "speech", "faces", "features", "shards")
STAGES = {name: {"cmd": "true", "outs": [f"data/{name}"]} for name in OUTS} | {
    "train_gan": {"cmd": "true", "deps": ["data/shards"], "outs": ["data/weights/gan"]}
}
STORE = Path("store")
CLIPS = make_clips(30)
VIDEO = CLIPS[5].clip.video_id  # of shard 0 in the first version, of none in the second
CHAIN = len(OUTS)  # shards of one number: a stage each, and the outcomes in place of `shards`


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions in a store: three shards, then the last one's clips alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    run_git("init", "-q")
    run_git("config", "user.name", "a person")
    run_git("config", "user.email", "a@example.org")
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}))
    corpus = {"source": "sample", "watch": "a", "exclusions": "out.txt"}
    run = {"store": f"file://{tmp_path}/store"}
    Path("params.yaml").write_text(yaml.safe_dump({"corpus": corpus, "run": run}))
    Repo.init(str(tmp_path)).close()
    write_version("first", CLIPS)
    write_version("second", CLIPS[20:])


def run_git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, capture_output=True)


def write_version(name: str, clips: list[FakeClip]) -> None:
    for path in Path("data").glob("[!.]*/"):
        subprocess.run(["rm", "-rf", str(path)], check=True)
    write_fake_corpus(Path("data"), clips, shard_size=10)
    Path("data/weights/gan").mkdir(parents=True)
    Path("data/weights/gan/model").write_text(name)
    with Repo() as repo:
        repo.commit(force=True)
    run_git("add", "--all", ":!store")
    run_git("commit", "-q", "-m", name)
    run_git("tag", name)


def list_stored() -> set[str]:
    return {path.name for path in STORE.glob("??/*")}


def list_holding(video: str) -> set[str]:
    """Objects that hold it, by reading them all."""
    found = set()
    for path in STORE.glob("??/*"):
        with path.open("rb") as file:
            if holds(file, Sought("video", video), name="x.parquet"):
                found.add(path.name)
    return found


def test_a_video_of_an_earlier_version_goes_and_nothing_else() -> None:
    before, held = list_stored(), list_holding(VIDEO)
    assert len(held) > CHAIN
    found = take_down(Sought("video", VIDEO))
    assert list_stored() == before - held
    assert found.num_deleted[f"file://{Path.cwd()}/store"] == len(held)
    assert found.num_deleted["cache"] == len(held)
    (model,) = found.models
    assert model.startswith("data/weights/gan of first, ")


def test_purge_deletes_what_the_workspace_stands_for(capsys: pytest.CaptureFixture[str]) -> None:
    video = CLIPS[21].clip.video_id
    held, others = list_holding(video), list_stored() - list_holding(video)
    of_both = {
        stub.digest for path in Path("data").rglob("*-00000.parquet") if (stub := read_stub(path))
    }
    assert purge(["--video", video]) == 0
    assert list_holding(video) == held - of_both
    assert others <= list_stored()
    media = shard_path(Path("data/media"), 0)
    assert read_stub(media) is not None
    assert len(list(read_outcomes(media))) == count_rows(media) == 9
    assert "objects deleted from the store" in capsys.readouterr().err


def test_purge_everywhere_knows_the_models_of_what_it_has_deleted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    video = CLIPS[20].clip.video_id  # of a training person
    assert purge(["--video", video, "--everywhere"]) == 0
    assert list_holding(video) == set()
    said = capsys.readouterr().err
    assert "had seen it: data/weights/gan of first, " in said
    assert "had seen it: data/weights/gan of second, " in said


def test_what_nothing_stands_for_is_dropped_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    before = list_stored()
    Path("rest").write_bytes(b"of a stage that was killed")
    put_object(f"file://{Path.cwd()}/store", Path("rest"), digest=hash_file(Path("rest")))
    assert clean_store.main([]) == 0
    assert len(list_stored()) == len(before) + 1
    monkeypatch.setattr(clean_store, "MIN_AGE_S", -60.0)
    assert clean_store.main(["--dry-run"]) == 0
    assert len(list_stored()) == len(before) + 1
    assert clean_store.main([]) == 0
    assert list_stored() == before


def test_of_dropped_versions_only_the_workspace_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    run_git("tag", "--delete", "first", "second")
    run_git("checkout", "-q", "--orphan", "new")
    run_git("commit", "-q", "-m", "a history without the first version")
    run_git("branch", "-D", "master") if has_branch("master") else run_git("branch", "-D", "main")
    with Repo() as repo:
        repo.gc(workspace=True, all_commits=True)
    monkeypatch.setattr(clean_store, "MIN_AGE_S", -60.0)
    assert clean_store.main([]) == 0
    stubs = [read_stub(path) for path in Path("data").rglob("shard-*.parquet")]
    assert list_stored() == {stub.digest for stub in stubs if stub is not None}


def has_branch(name: str) -> bool:
    done = subprocess.run(["git", "rev-parse", "--verify", "-q", name], capture_output=True)
    return done.returncode == 0


def test_a_stub_without_its_object_is_not_restored() -> None:
    out = Path("data/speech")
    path = shard_path(out, 0)
    stub, key = read_stub(path), str(read_key(path))
    assert stub is not None
    path.unlink()
    wanted = {0: key}

    def is_done(path: Path, key: str) -> bool:
        return read_stub(path) == stub

    assert restore_shards(wanted, out=out, root=out, is_done=is_done) == {0}
    path.unlink()
    for folder in (STORE, Path("data/.objects")):
        (folder / stub.digest[:2] / stub.digest).unlink()
    assert restore_shards(wanted, out=out, root=out, is_done=is_done) == set()


def test_fetch_writes_whole_shards() -> None:
    assert fetch(["data/shards", "whole"]) == 0
    expected = {name: stub_digest(Path("data/shards") / name) for name in hash_files(Path("whole"))}
    assert hash_files(Path("whole")) == expected
    assert expected.keys() == hash_files(Path("data/shards")).keys()
    assert fetch(["data/weights", "nothing"]) == 1


def stub_digest(path: Path) -> str:
    stub = read_stub(path)
    assert stub is not None
    return stub.digest
