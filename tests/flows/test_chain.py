"""Stages of a chain beside each other, on a project whose stages wait for one another."""

import subprocess
from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo

from flows._chain import run_chain
from flows._versions import read_graph, read_lock

# A stage says that it runs and, while `meets` names another one, waits until that one runs, too.
STAGE = """
import sys, time
from pathlib import Path
name, meets, fails = sys.argv[1:]
Path(f"{name}.runs").touch()
until = time.monotonic() + 60
while meets != "-" and not Path(f"{meets}.runs").exists():
    assert time.monotonic() < until, f"{name} met no {meets}"
    time.sleep(0.02)
if fails == "fails":
    sys.exit(3)
if meets != "-":
    time.sleep(1)  # still at work while the other one ends
Path(f"{name}.out").write_text(name)
"""


def write_project(*, left: str = "left - -", right: str = "right - -", at_once: int = 2) -> None:
    calls = {"first": "first - -", "left": left, "right": right, "last": "last - -"}
    needs = {"first": [], "left": ["first"], "right": ["first"], "last": ["left", "right"]}
    stages = {
        name: {
            "cmd": f"python stage.py {calls[name]}",
            "deps": [f"{need}.out" for need in needs[name]],
            "outs": [f"{name}.out"],
        }
        for name in calls
    }
    Path("stage.py").write_text(STAGE)
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False))
    corpus = {"source": "sample", "watch": "stage.py"}
    settings = {"corpus": corpus, "run": {"parallel_stages": at_once}}
    Path("params.yaml").write_text(yaml.safe_dump(settings))


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    subprocess.run(["git", "init", "-q"], check=True)
    with Repo.init(str(tmp_path)):
        pass


def list_made() -> set[str]:
    return set(read_lock(Path("dvc.lock").read_text()))


def test_each_stage_comes_after_what_it_is_made_from() -> None:
    write_project()
    graph = read_graph("last")
    assert [list(graph)[place] for place in (0, -1)] == ["first", "last"]
    assert {name: set(needs) for name, needs in graph.items()} == {
        "first": set(),
        "left": {"first"},
        "right": {"first"},
        "last": {"left", "right"},
    }
    assert set(read_graph("left")) == {"first", "left"}


def test_without_a_last_stage_all_files_are_in_it() -> None:
    write_project()
    more = {"wdir": "..", "cmd": "true", "deps": ["right.out"]}
    Path("more").mkdir()
    Path("more/dvc.yaml").write_text(yaml.safe_dump({"stages": {"extra": more}}))
    graph = read_graph()
    assert set(graph) == {"first", "left", "right", "last", "more/dvc.yaml:extra"}
    assert graph["more/dvc.yaml:extra"] == ["right"]
    assert list(graph).index("right") < list(graph).index("more/dvc.yaml:extra")


def test_two_stages_run_beside_each_other() -> None:
    write_project(left="left right -", right="right left -")
    run_chain("last")
    assert list_made() == {"first", "left", "right", "last"}


def test_alone_a_stage_meets_no_other(caplog: pytest.LogCaptureFixture) -> None:
    write_project(at_once=1)
    caplog.set_level("INFO", logger="flows")
    run_chain("last")
    run_chain("last")
    assert list_made() == {"first", "left", "right", "last"}
    said = [record.message for record in caplog.records if record.name == "flows._chain"]
    assert [line.split(": ")[1] for line in said] == ["made again"] * 4 + ["up to date"] * 4


def test_what_runs_beside_a_failed_stage_is_kept() -> None:
    write_project(left="left right fails", right="right left -")
    with pytest.raises(RuntimeError, match="left"):
        run_chain("last")
    assert list_made() == {"first", "right"}
    assert not Path("last.runs").exists()
