"""The chain evaluate against dvc.yaml and prefect.yaml."""

from pathlib import Path
from typing import Any

import yaml

from flows.evaluate import LAST_STAGES

ROOT = Path(__file__).parents[2]


def read(name: str) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return values


def test_each_report_has_a_deployment() -> None:
    deployments = read("prefect.yaml")["deployments"]
    found = [item for item in deployments if item["entrypoint"] == "flows.evaluate.evaluate"]
    assert {item["name"]: item["parameters"]["network"] for item in found} == {
        name: name for name in LAST_STAGES
    }


def test_each_chain_ends_with_a_stage() -> None:
    assert set(LAST_STAGES.values()) <= set(read("dvc.yaml")["stages"])


def test_the_index_is_remade_after_every_report() -> None:
    stages = read("dvc.yaml")["stages"]
    for stage in {*LAST_STAGES.values(), "report_dataset"} - {"report_index"}:
        metrics = [path for item in stages[stage]["metrics"] for path in item]
        assert set(metrics) <= set(stages["report_index"]["deps"]), stage
