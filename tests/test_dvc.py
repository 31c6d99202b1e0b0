"""dvc.yaml and variants/dvc.yaml against the code: every first-party import of a stage lies under
its dependencies."""

import re
import shlex
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from tasks.data.sources import list_sources
from tasks.params import flatten, read_params

ROOT = Path(__file__).parents[1]
Stages = dict[str, dict[str, Any]]


def read_stages(file: str) -> Stages:
    """By name; `foreach` over a list gives a stage for each of its items."""
    stages: Stages = {}
    for name, stage in yaml.safe_load((ROOT / file).read_text())["stages"].items():
        if "foreach" not in stage:
            stages[name] = stage
            continue
        text = yaml.safe_dump(stage["do"])
        for item in stage["foreach"]:
            stages[f"{name}@{item}"] = yaml.safe_load(text.replace("${item}", item))
    return stages


MAIN, VARIANTS = read_stages("dvc.yaml"), read_stages("variants/dvc.yaml")
STAGES = MAIN | VARIANTS


def find_module(stage: dict[str, Any]) -> str:
    words = shlex.split(stage["cmd"])
    return words[words.index("-m") + 1]


@pytest.mark.parametrize("name", STAGES)
def test_every_import_is_a_dependency(name: str) -> None:
    deps = [PurePosixPath(dep) for dep in STAGES[name]["deps"]]
    for path in list_sources(find_module(STAGES[name]), root=ROOT):
        source = PurePosixPath(path.relative_to(ROOT).as_posix())
        if source.name != "__init__.py":
            assert any(dep == source or dep in source.parents for dep in deps), source


@pytest.mark.parametrize("name", STAGES)
def test_every_source_dependency_is_imported(name: str) -> None:
    sources = [
        PurePosixPath(path.relative_to(ROOT).as_posix())
        for path in list_sources(find_module(STAGES[name]), root=ROOT)
    ]
    for dep in map(PurePosixPath, STAGES[name]["deps"]):
        if dep.parts[0] in ("flows", "tasks", "models"):
            assert any(dep == source or dep in source.parents for source in sources), dep


@pytest.mark.parametrize("name", STAGES)
def test_what_a_stage_reads_some_stage_makes(name: str) -> None:
    made = {out for stage in STAGES.values() for out in list_outs(stage)}
    words = shlex.split(STAGES[name]["cmd"])
    given = drop_options(words[words.index("-m") + 2 : -1])
    inputs = [word for word in given if word not in ("data", "reports")]
    assert set(inputs) <= made
    assert set(inputs) <= set(STAGES[name]["deps"])


def drop_options(words: list[str]) -> list[str]:
    """Without "--name value"."""
    places = [place for place, word in enumerate(words) if word.startswith("--")]
    dropped = {*places, *(place + 1 for place in places)}
    return [word for place, word in enumerate(words) if place not in dropped]


def list_outs(stage: dict[str, Any]) -> list[str]:
    return [next(iter(out)) if isinstance(out, dict) else out for out in stage.get("outs", [])]


@pytest.mark.parametrize("name", STAGES)
def test_every_parameter_exists(name: str) -> None:
    params = flatten(read_params(ROOT / "params.yaml"))
    for key in STAGES[name].get("params", []):
        value: Any = params
        for part in key.split("."):
            assert part in value, key
            value = value[part]


@pytest.mark.parametrize("file", ["params.yaml", "params.paper.yaml"])
def test_each_preset_holds_what_dvc_reads(file: str) -> None:
    text = (ROOT / "dvc.yaml").read_text()
    values = yaml.safe_load((ROOT / file).read_text())
    names = {key for stage in STAGES.values() for key in stage.get("params", [])}
    for key in names | set(re.findall(r"\$\{([\w.]+)\}", text)):
        value: Any = values
        for part in key.split("."):
            assert part in value, f"{file}: {key}"
            value = value[part]


@pytest.mark.parametrize("name", STAGES)
def test_shards_stay_in_place_when_a_stage_runs_again(name: str) -> None:
    for out in STAGES[name].get("outs", []):
        path = next(iter(out)) if isinstance(out, dict) else out
        if path.startswith("data/") and not path.startswith(("data/weights/", "data/evaluations/")):
            assert out[path]["persist"]


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_work_in_the_projects_root_and_beside_the_main_stages(name: str) -> None:
    assert VARIANTS[name]["wdir"] == ".."
    outs = [*list_outs(VARIANTS[name]), *list_outs({"outs": VARIANTS[name].get("metrics", [])})]
    for path in map(PurePosixPath, outs):
        assert "variants" in path.parts[:3]


@pytest.mark.parametrize("name", STAGES)
def test_a_folder_of_variants_holds_some_that_are_dependencies(name: str) -> None:
    words = shlex.split(STAGES[name]["cmd"])
    for option, value in pairwise(words):
        if option.startswith("--") and value.startswith("data/"):
            folder = PurePosixPath(value)
            deps = map(PurePosixPath, STAGES[name]["deps"])
            assert any(folder == dep or folder in dep.parents for dep in deps)


def test_no_main_stage_needs_a_variant() -> None:
    made = {out for stage in VARIANTS.values() for out in list_outs(stage)}
    assert not made & {dep for stage in MAIN.values() for dep in stage["deps"]}
    assert not set(MAIN) & set(VARIANTS)
