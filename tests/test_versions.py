"""What DVC makes again and what not, on a project with 12 of the embedded corpus's clips."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.small_project import EXPECTED, change_params, hash_files, run_dvc, write_project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

FOLDERS = ("clips", "media", "extracts", "speech", "faces", "features", "shards")
CLEAN = "Data and pipelines are up to date"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_project(tmp_path_factory.mktemp("versions") / "project")
    repro(root)
    return root


def repro(root: Path) -> dict[str, str]:
    """Stages that ran, with what they said."""
    told: dict[str, str] = {}
    for part in run_dvc(root, "repro", "report_dataset").split("Running stage '")[1:]:
        stage, _, words = part.partition("'")
        told[stage] = words
    assert CLEAN in run_dvc(root, "status")
    return told


def list_inodes(root: Path) -> dict[str, int]:
    return {str(path): path.stat().st_ino for path in (root / "data").rglob("*.parquet")}


def test_nothing_to_do_is_nothing_done(project: Path) -> None:
    before = list_inodes(project)
    assert not repro(project)
    assert list_inodes(project) == before
    metrics = json.loads((project / "reports/dataset/metrics.json").read_text())
    assert {EXPECTED["kept"], sum(EXPECTED.values())} <= set(metrics.values())


def test_another_vad_setting_decodes_nothing_and_back_makes_nothing(project: Path) -> None:
    before, inodes = hash_files(project / "data"), list_inodes(project)
    params = (project / "params.yaml").read_text()
    change_params(project, find_speech={"aggressiveness": 3})
    told = repro(project)
    assert list(told) == ["find_speech", "write_shards", "report_dataset"]
    changed = {
        name.split("/")[0]
        for name, digest in hash_files(project / "data").items()
        if before.get(name) != digest
    }
    assert changed == {"speech", "shards"}
    for name, inode in list_inodes(project).items():
        folder = Path(name).relative_to(project / "data").parts[0]
        assert folder in changed or inodes[name] == inode

    (project / "params.yaml").write_text(params)
    told = repro(project)
    assert list(told) == ["find_speech", "write_shards", "report_dataset"]
    for stage in ("find_speech", "write_shards"):
        assert f"{stage}: nothing to make, 6 unchanged" in told[stage]
    assert hash_files(project / "data") == before


def test_another_split_writes_the_last_shards_only(project: Path) -> None:
    before, params = hash_files(project / "data"), (project / "params.yaml").read_text()
    change_params(project, split={"rule": "hash", "seed": 5})
    told = repro(project)
    assert list(told) == ["write_shards", "report_dataset"]
    (project / "params.yaml").write_text(params)
    told = repro(project)
    assert list(told) == ["write_shards", "report_dataset"]
    assert "nothing to make, 6 unchanged" in told["write_shards"]
    assert hash_files(project / "data") == before


def test_a_clone_pulls_and_makes_nothing(project: Path, tmp_path: Path) -> None:
    run_dvc(project, "remote", "add", "--default", "shelf", str(tmp_path / "remote"))
    run_dvc(project, "push")
    commit_all(project)
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(project), str(clone)], check=True)
    run_dvc(clone, "pull")
    assert hash_files(clone / "data") == hash_files(project / "data")
    pictures = ("*.png", "*.csv")
    assert hash_files(clone / "reports", pictures) == hash_files(project / "reports", pictures)
    assert CLEAN in run_dvc(clone, "status")
    assert not repro(clone)


def commit_all(root: Path) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    subprocess.run(["git", *who, "commit", "-q", "-m", "all"], cwd=root, check=True)


def test_a_lost_workspace_comes_back_from_the_cache(project: Path) -> None:
    before = hash_files(project / "data")
    for folder in FOLDERS:
        shutil.rmtree(project / "data" / folder)
    run_dvc(project, "checkout")
    assert hash_files(project / "data") == before
    assert not repro(project)
