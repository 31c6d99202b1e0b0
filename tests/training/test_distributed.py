import csv
import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

from tasks.training.checkpoint import list_checkpoints, read_weights
from tasks.training.distributed import (
    Ranks,
    agree_any,
    average_gradients,
    read_ranks,
    sum_values,
    wrap_network,
)

WORKER = Path(__file__).with_name("ddp_worker.py")
CPU = torch.device("cpu")


def load_worker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ddp_worker", WORKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def find_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def run_processes(world: int, *arguments: str) -> None:
    shared = {"WORLD_SIZE": str(world), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(find_port())}
    shared |= {"PYTHONPATH": ".", "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, str(WORKER), *arguments],
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(world)
    ]
    assert [process.wait(timeout=60) for process in processes] == [0] * world


def read_losses(folder: Path) -> list[float]:
    with (folder / "training.csv").open(newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def runs(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`one`: a single process; `two`: two of them, `1` and `2` accumulated batches a step."""
    folder = tmp_path_factory.mktemp("runs")
    load_worker().train(pairs, folder / "one", ranks=Ranks())
    run_processes(2, str(pairs), str(folder / "two"))
    return folder


@pytest.mark.parametrize("accumulate", ["1", "2"])
def test_two_processes_give_the_losses_of_one(runs: Path, accumulate: str) -> None:
    one, two = runs / "one", runs / "two" / accumulate
    assert len(read_losses(one)) == 12
    assert read_losses(two) == pytest.approx(read_losses(one), rel=1e-5)
    assert (two / "validation.csv").read_text().split() == ["step,ranks", "12,2.0"]
    weights = [read_weights(list_checkpoints(run / "checkpoints")[12])["net"] for run in (one, two)]
    for key, value in weights[0].items():
        torch.testing.assert_close(weights[1][key], value, rtol=1e-4, atol=1e-6)


def test_alone_nothing_is_exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert read_ranks() == Ranks()
    network = nn.Linear(2, 2)
    assert wrap_network(network, Ranks()) is network
    average_gradients(network.parameters(), Ranks())
    assert sum_values({"a": 2.0}, Ranks(), device=CPU) == {"a": 2.0}
    assert agree_any(True, Ranks(), device=CPU)


def test_torchruns_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("RANK", "5"), ("LOCAL_RANK", "1"), ("WORLD_SIZE", "8")):
        monkeypatch.setenv(name, value)
    assert read_ranks() == Ranks(5, 1, 8)


def test_batch_norm_over_processes_needs_gpus() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    with pytest.raises(ValueError, match="needs GPUs"):
        wrap_network(network, Ranks(world=2))
