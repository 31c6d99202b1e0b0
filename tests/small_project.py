"""A whole project in a folder of its own, with a few videos of the embedded corpus."""

import csv
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
FOLDERS, FILES = ("flows", "models"), ("params.yaml", "exclusions.txt", ".gitignore")
LAST_STAGE = "report_dataset"
# Kept ones of several people, and one each that the download, the decoder and the VAD refuse.
EXPECTED = {"kept": 9, "not_found": 1, "no_audio_stream": 1, "too_little_speech": 1}
RUN_TIMEOUT_S = 900  # the machine may be busy


def write_project(root: Path, **sections: dict[str, Any]) -> Path:
    """The code as it stands, 12 videos, git and DVC; `sections` change values of params.yaml."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    ignored = shutil.ignore_patterns("__pycache__", "videos", "*.csv")
    shutil.copytree(ROOT / "tasks", root / "tasks", ignore=ignored)
    for file in FILES:
        shutil.copy(ROOT / file, root / file)
    write_stages(root)
    write_sample(root / "tasks" / "sample")
    change_params(root, corpus={"source": "sample", "watch": "tasks/sample", "shard_size": 2})
    change_params(root, **sections)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    run_dvc(root, "init", "-q")
    shutil.copy(ROOT / ".dvc" / "config", root / ".dvc" / "config")
    return root


def write_stages(root: Path) -> None:
    """dvc.yaml without the stages that train."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    names = list(stages)[: list(stages).index(LAST_STAGE) + 1]
    text = yaml.safe_dump({"stages": {name: stages[name] for name in names}}, sort_keys=False)
    (root / "dvc.yaml").write_text(text)


def write_sample(folder: Path) -> None:
    with (ROOT / "tasks/sample/people.csv").open(encoding="utf-8", newline="") as file:
        people = list(csv.DictReader(file))
    wanted = dict(EXPECTED)
    chosen = set()
    for row in people:
        if wanted.get(row["expected"], 0):
            wanted[row["expected"]] -= 1
            chosen.add(row["video_id"])
    for name in ("avspeech_train.csv", "avspeech_test.csv", "people.csv"):
        lines = (ROOT / "tasks/sample" / name).read_text().splitlines(keepends=True)
        head = lines[:1] if name == "people.csv" else []
        rows = [line for line in lines if line.split(",")[0] in chosen]
        (folder / name).write_text("".join(head + rows))
    (folder / "videos").mkdir()
    for path in (ROOT / "tasks/sample/videos").iterdir():
        if path.name[:11] in chosen:
            shutil.copy(path, folder / "videos")


def change_params(root: Path, **sections: dict[str, Any]) -> None:
    params = yaml.safe_load((root / "params.yaml").read_text())
    for name, values in sections.items():
        params[name] = {**params[name], **values}
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))


def make_environment(*paths: Path) -> dict[str, str]:
    """This environment without what other runs left in it; `paths` lead Python's own."""
    ours = ("PREFECT_", "SPEECH_PORTRAITS_", "DVC_", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # not resolved: a virtual environment's interpreter is a link
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    if paths:
        kept["PYTHONPATH"] = os.pathsep.join(map(str, paths))
    return kept


def run_dvc(root: Path, *words: str) -> str:
    """What it printed; raises CalledProcessError with it."""
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *words],
        cwd=root,
        env=make_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def hash_files(folder: Path, patterns: Sequence[str] = ("*.parquet",)) -> dict[str, str]:
    """SHA-256 of all files below a folder by relative path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for pattern in patterns
        for path in sorted(folder.rglob(pattern))
    }
