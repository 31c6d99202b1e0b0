"""The chain retrain on a toy project: promoted, kept, stopped, rolled back."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.small_project import RUN_TIMEOUT_S, hash_files, make_environment, run_dvc
from tests.toy_project import (
    NETWORK,
    commit,
    run_git,
    set_corpus,
    set_quality,
    write_toy_project,
)

LIVE = f"data/live/{NETWORK}/weights"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def run(root: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=root,
        env=make_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def read_live(root: Path) -> dict[str, object]:
    content: dict[str, object] = yaml.safe_load((root / f"live/{NETWORK}.yaml").read_text())
    return content


def read_weights(root: Path, folder: str) -> dict[str, str]:
    return hash_files(root / folder, ["*.safetensors"])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a remote and a first version."""
    root = write_toy_project(tmp_path_factory.mktemp("retrain") / "project")
    run_dvc(root, "remote", "add", "shelf", str(root.parent / "shelf"))
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["retrain"]["remote"] = "shelf"
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    commit(root, "a remote")
    assert "voice2face@v1.0.0 is live: the first model beats chance" in run(root, "flows.retrain")
    return root


def test_a_version_is_committed_tagged_and_pushed(project: Path) -> None:
    assert run_git(project, "tag").split() == ["voice2face@v1.0.0"]
    assert not run_git(project, "status", "--porcelain")
    live = read_live(project)
    assert live["commit"] == run_git(project, "rev-parse", "HEAD~1").strip()
    card = json.loads((project / "data/weights/gan/card.json").read_text())
    assert live["weights"] == {"gan": card["sha256"]}
    assert "up to date" in run_dvc(project, "status")
    assert "in sync" in run_dvc(project, "status", "--cloud", "--remote", "shelf")
    clone = project.parent / "clone"
    run_git(project.parent, "clone", "-q", str(project), str(clone))
    run_dvc(clone, "pull", "-q", "-r", "shelf", "train_gan")
    assert read_weights(clone, "data/weights") == read_weights(
        project, "data/live/voice2face/weights"
    )


def test_nights(project: Path) -> None:
    assert "nothing is new" in run(project, "flows.retrain")
    set_quality(project, 0.75, seed=1)
    first, before = read_weights(project, "data/live"), read_live(project)
    run(project, "flows.retrain")
    assert read_live(project) == before  # worse, so it stays
    assert read_weights(project, "data/live") == first

    set_quality(project, 0.9, guarded=0.5, seed=2)
    assert "worse on what is guarded: gender" in run(project, "flows.retrain")
    assert read_live(project) == before

    set_quality(project, 0.9, guarded=0.62, seed=3)
    commit(project, "better")
    assert "voice2face@v1.1.0 is live: better beyond" in run(project, "flows.retrain")

    (project / "params.yaml").write_text((project / "params.yaml").read_text() + "# a change\n")
    assert "not committed: params.yaml" in run(project, "flows.retrain", code=1)
    run_git(project, "checkout", "--", "params.yaml")

    set_corpus(project, num_clips=300, gender="f")
    told = run(project, "flows.retrain", code=1)
    assert "data out of bounds: shares by gender" in told
    set_corpus(project, num_clips=300)


def test_a_rollback_restores_weights_and_reports(project: Path) -> None:
    tables = project / "reports/voice2face/tables/scores.csv"
    assert json.loads(tables.read_text())["matching"] > 0.85
    second = read_weights(project, "data/weights")
    told = run(project, "flows.rollback", NETWORK)
    assert "voice2face@v1.0.0 is live again; 0 data files of that version are gone" in told
    assert json.loads(tables.read_text())["matching"] < 0.85
    metrics = run_git(project, "show", "voice2face@v1.0.0:reports/voice2face/metrics.json")
    assert (project / "reports/voice2face/metrics.json").read_text() == metrics
    assert read_weights(project, "data/weights") != second
    assert read_weights(project, "data/weights") == read_weights(
        project, "data/live/voice2face/weights"
    )
    assert read_live(project)["withdrawn"] == ["voice2face@v1.1.0"]
    run(project, "flows.retrain")  # trains what was rolled back anew, and recognises it
    assert read_live(project)["tag"] == "voice2face@v1.0.0"
