"""`dvc repro` killed with SIGKILL in every stage, and started again at once."""

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.small_project import (
    RUN_TIMEOUT_S,
    hash_files,
    make_environment,
    run_dvc,
    write_project,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

SWITCH = Path(__file__).parent / "kill_switch" / "sitecustomize.py"
STAGES = {
    "download": "media",
    "extract_media": "extracts",
    "find_speech": "speech",
    "align_faces": "faces",
    "compute_features": "features",
    "write_shards": "shards",
}
VICTIMS = ("self", "parent", "grandparent", "group")
# Where a shard is made: its row groups are written, it is whole, it has its name.
MOMENTS = (
    ("write", "data/{folder}/"),
    ("os.rename", "data/{folder}/"),
    ("open", "data/{folder}/"),
)
RESTARTS = 20


@dataclass(frozen=True)
class Plan:
    """The process `victim` dies when `moment` comes to a path with `match`, after `skip` times."""

    stage: str
    moment: str
    match: str
    victim: str
    skip: int = 0


def list_plans(seed: int) -> Iterator[Plan]:
    """In the order in which a run comes by them."""
    draw = random.Random(seed)
    yield Plan("list_clips", "os.rename", "data/clips/", "self", skip=2)
    yield Plan("list_clips", "write", "data/clips/", "parent", skip=1)
    yield Plan("download", "os.rename", "data/partial/", "self", skip=1)
    for stage, folder in STAGES.items():
        yield Plan(stage, "import", f"tasks.{stage}", "parent")
        victims = draw.sample(VICTIMS, 3)
        for victim, (moment, match) in zip(victims, draw.sample(MOMENTS, 3), strict=True):
            yield Plan(stage, moment, match.format(folder=folder), victim)


# Inside DVC's own commits: a file goes into its cache by copy or by link, then the folder's
# listing, then it is written down that the stage is made.
COMMIT_PLANS = (
    Plan("list_clips", "os.rename", ".dvc/cache/files/md5/", "self", skip=3),
    Plan("download", "truncated", ".dvc/cache/files/md5/", "self", skip=2),
    Plan("extract_media", "os.link", ".dvc/cache/files/md5/", "self", skip=2),
    Plan("find_speech", "os.rename", ".dir", "self"),
    Plan("align_faces", "truncated", "dvc.lock", "self"),
)


class Project:
    """A project that is run with the kill switch on its path."""

    def __init__(self, root: Path, switch: Path) -> None:
        self.root, self.switch = root, switch
        switch.mkdir()
        shutil.copy(SWITCH, switch)

    def start(self, stage: str) -> tuple[int, str]:
        """One `dvc repro` in a process group of its own, to its end or death: code and output."""
        with (self.switch / "output").open("w+") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "dvc", "repro", stage],
                cwd=self.root,
                env=make_environment(self.switch),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            code = process.wait(timeout=RUN_TIMEOUT_S)
        return code, (self.switch / "output").read_text()

    def run_until_killed(self, plan: Plan) -> bool:
        """False if a run came to its end without passing by; the next plan starts at once."""
        path = self.switch / "plan.json"
        path.with_suffix(".json.count").unlink(missing_ok=True)
        path.write_text(json.dumps(asdict(plan)))
        for _ in range(RESTARTS):
            code, output = self.start(plan.stage)
            if not path.exists():
                assert code != 0, output
                return True
            if code == 0:
                path.unlink()
                return False
            assert "already running" in output, output
            time.sleep(0.5)  # the child of the killed one is on its way out
        raise AssertionError(output)

    def finish(self) -> None:
        for _ in range(RESTARTS):
            code, output = self.start("write_shards")
            if code == 0:
                return
            assert "already running" in output, output
            time.sleep(0.5)
        raise AssertionError(output)

    def list_writers(self) -> dict[str, list[int]]:
        """By folder, the stage processes that finished files there, in order, runs as one."""
        writers: dict[str, list[int]] = {}
        for line in (self.switch / "log").read_text().splitlines():
            owner, _, path = line.partition(" ")
            found = writers.setdefault(path.partition("data/")[2].split("/")[0], [])
            if not found or found[-1] != int(owner):
                found.append(int(owner))
        return writers


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    root = write_project(tmp_path_factory.mktemp("undisturbed") / "project")
    run_dvc(root, "repro", "write_shards")
    return hash_files(root / "data")


def check_result(project: Project, expected: dict[str, str]) -> None:
    assert hash_files(project.root / "data") == expected
    assert not list((project.root / "data").rglob(".*.tmp"))
    for folder, owners in project.list_writers().items():
        assert len(owners) == len(set(owners)), f"two processes wrote {folder} by turns: {owners}"
    assert "up to date" in run_dvc(project.root, "status", "write_shards", "--with-deps")


def test_kills_in_every_stage(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    project = Project(write_project(tmp_path / "project"), tmp_path / "switch")
    came_true = [plan for plan in list_plans(seed=0) if project.run_until_killed(plan)]
    project.finish()
    check_result(project, undisturbed)
    for folder in ("clips", "partial", *STAGES.values()):
        assert any(f"data/{folder}/" in plan.match for plan in came_true), folder
    assert {plan.moment for plan in came_true} >= {moment for moment, _ in MOMENTS}
    assert {plan.victim for plan in came_true} == set(VICTIMS)


@pytest.mark.parametrize(
    ("cache_type", "moment"), [("reflink,hardlink,copy", "truncated"), ("hardlink,copy", "os.link")]
)
def test_kills_inside_commits(
    tmp_path: Path, undisturbed: dict[str, str], cache_type: str, moment: str
) -> None:
    project = Project(write_project(tmp_path / "project"), tmp_path / "switch")
    run_dvc(project.root, "config", "cache.type", cache_type)
    came_true = [plan for plan in COMMIT_PLANS if project.run_until_killed(plan)]
    assert {plan.moment for plan in came_true} >= {"os.rename", moment}
    # DVC does not start with half a dvc.lock; README says what to do.
    assert COMMIT_PLANS[-1] in came_true
    (project.root / "dvc.lock").unlink()
    project.finish()
    check_result(project, undisturbed)
