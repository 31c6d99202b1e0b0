"""A stage under torchrun: two processes on CPUs give the losses of one."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from flows._torchrun import must_lock, read_metrics
from models.face_decoder import FaceDecoder
from tasks.training.distributed import Ranks
from tasks.training.weights import Card, describe_class, load_tensors, read_card, save_weights
from tests.small_project import make_environment
from tests.training_corpus import MEAN_SHAPE, D, read_losses, write_training_shards

ROOT = Path(__file__).parents[2]
DECODER: dict[str, Any] = {
    "mean_landmarks": MEAN_SHAPE.tolist(),
    "feature_dim": D,
    "code_dim": 16,
    "landmark_widths": [8],
    "texture_widths": [4, 4, 4, 4, 4],
}
LOOP = {"num_steps": 6, "batch_size": 4, "log_every": 1, "save_every": 6, "validate_every": 0}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code, made-up shards, a face decoder, and Speech2Face's encoder without batch norm."""
    root = tmp_path_factory.mktemp("project")
    for name in ("flows", "tasks", "models"):
        (root / name).symlink_to(ROOT / name)
    write_training_shards(root / "data/shards", num_people=4)
    torch.manual_seed(0)
    decoder = FaceDecoder(**DECODER)
    save_weights(
        root / "data/weights/face_decoder", decoder, Card(describe_class(decoder), DECODER)
    )
    write_params(root, num_steps=6)
    return root


def write_params(root: Path, *, num_steps: int, processes: int = 1) -> None:
    section = {"loop": LOOP | {"num_steps": num_steps}, "width": 1 / 32, "batch_norm": False}
    run = {"training_threads": 1, "training_processes": processes, "device": "cpu"}
    params = {
        "corpus": {"source": "sample", "watch": "tasks/sample"},
        "train_speech2face": section | {"seconds": 2.62},
        "run": run,
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params))


def build_command(num_processes: int, out: str) -> list[str]:
    launch = ["-m", "torch.distributed.run", "--standalone"]
    launch += ["--nproc-per-node", str(num_processes)]
    stage = ["-m", "flows.train_speech2face", "data/shards", "data/weights/face_decoder", out]
    return [sys.executable, *launch, *stage]


def open_environment() -> dict[str, str]:
    return make_environment() | {"OMP_NUM_THREADS": "1"}


@pytest.mark.slow
@pytest.mark.timeout(900)  # the machine may be busy
def test_two_processes_give_the_losses_of_one(project: Path) -> None:
    outs = [f"data/weights/of_{number}" for number in (1, 2)]
    for number, out in enumerate(outs, start=1):
        command = build_command(number, out)
        subprocess.run(command, cwd=project, env=open_environment(), check=True)
    one, two = (project / out for out in outs)
    assert len(read_losses(one)) == 6
    assert read_losses(two) == pytest.approx(read_losses(one), rel=1e-4)
    weights = [load_tensors(out) for out in (one, two)]
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, rtol=1e-3, atol=1e-4)
    assert read_metrics(two) == dict(read_card(two).metrics)


@pytest.mark.slow
@pytest.mark.timeout(900)  # the machine may be busy
def test_told_to_stop_they_leave_a_checkpoint(project: Path) -> None:
    write_params(project, num_steps=100_000)
    folder = project / "data/checkpoints/stopped"
    process = subprocess.Popen(
        build_command(2, "data/weights/stopped"), cwd=project, env=open_environment()
    )
    deadline = time.monotonic() + 240
    while not list(folder.glob("*/training.csv")) and time.monotonic() < deadline:
        time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) != 0
    assert list(folder.glob("*/checkpoints/step-*.pt"))


def test_only_the_first_process_that_no_stage_called_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPEECH_PORTRAITS_STAGE_HELD", raising=False)
    assert must_lock(Ranks(0, 0, 2))
    assert not must_lock(Ranks(1, 1, 2))
    monkeypatch.setenv("SPEECH_PORTRAITS_STAGE_HELD", "1")
    assert not must_lock(Ranks(0, 0, 2))


def test_metrics_are_the_shortest_paths_card(tmp_path: Path) -> None:
    network = torch.nn.Linear(1, 1)
    for name in ("b/c", "a"):
        save_weights(tmp_path / name, network, Card("models.x.Y", {}, metrics={"m": 1.5}))
    assert read_metrics(tmp_path) == {"m": 1.5}
