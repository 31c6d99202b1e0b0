import random
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tasks.training.checkpoint import (
    Progress,
    Trained,
    list_checkpoints,
    read_rng,
    read_weights,
    remove_old,
    restore,
    write_checkpoint,
    write_rng,
)

PARAMS = {"rate": 0.1, "data": {"key": "a"}}


def build_trained(seed: int = 0, width: int = 4) -> Trained:
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.Dropout(0.5))
    optimiser = torch.optim.Adam(network.parameters(), lr=0.1)
    network(torch.randn(8, 3)).square().mean().backward()
    optimiser.step()
    return Trained({"net": network}, {"net": optimiser})


def draw_all() -> list[float]:
    return [random.random(), float(np.random.rand()), np.random.randn(), float(torch.rand(()))]


def test_everything_comes_back(tmp_path: Path) -> None:
    first, second = build_trained(0), build_trained(1)
    progress = Progress(step=7, first_loss=2.5)
    progress.meter.add({"loss": torch.tensor(1.5)})
    np.random.randn()  # leaves a cached half of a pair
    path = write_checkpoint(tmp_path, first, progress=progress, params=PARAMS)
    expected = draw_all()
    found = restore(path, second, params=PARAMS)
    assert draw_all() == expected
    assert (found.step, found.first_loss, found.meter.count) == (7, 2.5, 1)
    assert float(found.meter.sums["loss"]) == 1.5
    for key, value in first.networks["net"].state_dict().items():
        assert torch.equal(value, second.networks["net"].state_dict()[key])
    old, new = (t.optimisers["net"].state_dict()["state"][0] for t in (first, second))
    assert all(torch.equal(old[key], new[key]) for key in ("step", "exp_avg", "exp_avg_sq"))


def test_checkpoints_are_plain_torch_files(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, build_trained(), progress=Progress(3), params=PARAMS)
    content = torch.load(path, weights_only=True)
    assert content["step"] == 3
    assert sorted(read_weights(path)["net"]) == sorted(build_trained().networks["net"].state_dict())
    assert [p.name for p in tmp_path.iterdir()] == ["step-00000003.pt"]


def test_changed_parameters_are_refused_by_name(tmp_path: Path) -> None:
    trained = build_trained()
    path = write_checkpoint(tmp_path, trained, progress=Progress(1), params=PARAMS)
    with pytest.raises(ValueError, match=r"rate: 0.1 then, 0.2 now"):
        restore(path, trained, params=PARAMS | {"rate": 0.2})


def test_another_network_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, build_trained(), progress=Progress(1), params=PARAMS)
    wider = build_trained(width=5)
    before = wider.networks["net"].state_dict()["0.weight"].clone()
    with pytest.raises(ValueError, match=r"net.0.bias is \[4\] there, \[5\] here"):
        restore(path, wider, params=PARAMS)
    assert torch.equal(before, wider.networks["net"].state_dict()["0.weight"])
    other = Trained({"another": wider.networks["net"]}, {})
    with pytest.raises(ValueError, match=r"holds \['net'\], not \['another'\]"):
        restore(path, other, params=PARAMS)


@pytest.mark.parametrize("content", [b"", b"not a zip file", b"PK\x03\x04 cut short"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "step-00000001.pt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a checkpoint"):
        restore(path, build_trained(), params=PARAMS)


def test_other_torch_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save({"weight": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match="not a checkpoint of format 1"):
        read_weights(path)


def test_the_last_and_the_named_are_kept(tmp_path: Path) -> None:
    for step in (10, 20, 30, 40):
        write_checkpoint(tmp_path, build_trained(), progress=Progress(step), params=PARAMS)
    remove_old(tmp_path, keep_last=2, keep_steps=frozenset({10}))
    assert list(list_checkpoints(tmp_path)) == [10, 30, 40]


def test_a_failed_write_leaves_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("tasks.training.checkpoint.torch.save", fail)
    with pytest.raises(OSError, match="disk full"):
        write_checkpoint(tmp_path, build_trained(), progress=Progress(1), params=PARAMS)
    assert list_checkpoints(tmp_path) == {}


def test_generators_resume() -> None:
    state = read_rng()
    expected = draw_all()
    write_rng(state)
    assert draw_all() == expected
