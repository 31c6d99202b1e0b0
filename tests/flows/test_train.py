"""The chain train against dvc.yaml and prefect.yaml."""

from pathlib import Path
from typing import Any

import yaml

from flows.train import LAST_STAGES

ROOT = Path(__file__).parents[2]


def read(name: str) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return values


def list_inputs(stages: dict[str, Any], name: str) -> set[str]:
    """All stages that make what `name` is made from, itself included."""
    makers = {
        (out if isinstance(out, str) else next(iter(out))): stage
        for stage, content in stages.items()
        for out in content.get("outs", [])
    }
    direct = {makers[dep] for dep in stages[name]["deps"] if dep in makers}
    return {name}.union(*(list_inputs(stages, stage) for stage in direct))


def test_each_network_has_a_deployment() -> None:
    deployments = read("prefect.yaml")["deployments"]
    found = [item for item in deployments if item["entrypoint"] == "flows.train.train"]
    assert {item["name"]: item["parameters"]["network"] for item in found} == {
        name: name for name in LAST_STAGES
    }


def test_each_networks_last_stage_needs_all_its_parts() -> None:
    stages = read("dvc.yaml")["stages"]
    found = {name: list_inputs(stages, last) for name, last in LAST_STAGES.items()}
    assert {"write_shards", "train_voice_embedding", "train_gan"} <= found["voice2face"]
    assert {"train_face_decoder", "train_speech2face"} <= found["speech2face"]
    parts = {"train_ar_spm_decoder", "train_gender_classifier", "compute_priors", "train_ar_spm"}
    assert parts <= found["ar_spm"]
    assert not found["voice2face"] & parts
