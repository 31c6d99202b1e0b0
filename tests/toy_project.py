"""A project of four stages that take a moment: made-up data, a model that is one number.

Its flows are the real ones; `quality.yaml` says how good the next model is.
"""

import shutil
import subprocess
from pathlib import Path

import yaml

from tests.small_project import ROOT, run_dvc

NETWORK = "voice2face"
STAGES = {
    "report_dataset": {
        "cmd": "python -m toy data",
        "deps": ["corpus.yaml"],
        "outs": [{f"data/{name}": {"persist": True}} for name in ("clips", "extracts", "shards")],
    },
    "train_gan": {
        "cmd": "python -m toy train",
        "deps": ["data/shards", "quality.yaml"],
        "outs": ["data/weights/gan"],
    },
    "evaluate_voice2face": {
        "cmd": "python -m toy evaluate data/shards data/weights/gan data/evaluations/voice2face",
        "deps": ["data/shards", "data/weights/gan"],
        "outs": ["data/evaluations/voice2face"],
    },
    "report_voice2face": {
        "cmd": "python -m toy report",
        "deps": ["data/evaluations/voice2face"],
        "outs": [
            {"reports/voice2face/index.html": {"cache": False}},
            {"reports/voice2face/metrics.json": {"cache": False}},
            "reports/voice2face/tables",
        ],
    },
}
SETTINGS = {
    "corpus": {"source": "sample", "watch": "corpus.yaml"},
    "retrain": {"retry_failed": False},
}


def write_toy_project(root: Path) -> Path:
    """With git, DVC and one commit; nothing is made yet."""
    root.mkdir(parents=True)
    (root / "toy.py").write_text((Path(__file__).parent / "toy_stages.py").read_text())
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}, sort_keys=False))
    (root / "params.yaml").write_text(yaml.safe_dump(SETTINGS))
    (root / ".gitignore").write_text("/data/\n__pycache__/\n/.prefect/\n/flows\n/tasks\n/tests\n")
    for name in ("flows", "tasks", "models", "tests"):
        (root / name).symlink_to(ROOT / name)
    set_corpus(root, num_clips=300)
    set_quality(root, 0.8)
    run_git(root, "init", "-q", "-b", "main")
    run_git(root, "config", "user.name", "a person")
    run_git(root, "config", "user.email", "person@example.org")
    run_dvc(root, "init", "-q")
    shutil.copy(ROOT / ".dvc" / "config", root / ".dvc" / "config")
    commit(root, "a project")
    return root


def set_corpus(root: Path, **values: object) -> None:
    (root / "corpus.yaml").write_text(yaml.safe_dump(values))


def set_quality(root: Path, value: float, *, guarded: float = 0.6, seed: int = 0) -> None:
    """Share of the trials that the next model wins, on the headline and on the guarded metric."""
    quality = {"headline": value, "guarded": guarded, "seed": seed}
    (root / "quality.yaml").write_text(yaml.safe_dump(quality))


def commit(root: Path, message: str) -> None:
    run_git(root, "add", "--all")
    run_git(root, "commit", "-q", "--allow-empty", "-m", message)


def run_git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout
