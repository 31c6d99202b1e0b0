"""A tiny data set and runs of a few hundred parameters."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tasks.data.schemas import build_pairs_schema
from tasks.data.shards import ShardWriter, shard_path
from tasks.training.checkpoint import Trained
from tasks.training.loop import Hooks, Run, RunSettings

NUM_ROWS = 23
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def seed_generators() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """23 pairs: spectrograms [2, 1, 257], features [3] that follow from them."""
    folder = tmp_path_factory.mktemp("pairs")
    random = np.random.default_rng(0)
    schema = build_pairs_schema(3, num_frames=1)
    with ShardWriter(
        shard_path(folder, 0), schema, metadata={"D": "3"}, rows_per_group=4, compression="none"
    ) as writer:
        for row in range(NUM_ROWS):
            spectrogram = random.normal(size=(2, 1, 257)).astype("<f2")
            feature = spectrogram[0, 0, :3].astype("f4") * 2 + spectrogram[1, 0, :3]
            writer.write(make_row(row, spectrogram, feature))
    return folder


def make_row(row: int, spectrogram: np.ndarray, feature: np.ndarray) -> dict[str, Any]:
    return {
        "clip_id": f"clip{row}",
        "source": "made",
        "video_id": f"video{row}",
        "split": "train",
        "spectrogram": spectrogram.tobytes(),
        "face_feature": feature.tolist(),
        "face": b"",
        "landmarks": [0.0] * 136,
        "speech_s": 1.0,
    }


@pytest.fixture
def start_run(tmp_path: Path) -> Callable[..., Run]:
    """A run of these networks and optimisers in a folder of its own."""

    def start(trained: Trained, name: str = "run", **options: Any) -> Run:
        hooks = options.pop("hooks", Hooks())
        params = options.pop("params", {"seed": 0})
        options = {"num_steps": 20, "log_every": 3, "save_every": 100} | options
        return Run(trained, RunSettings(tmp_path / name, **options), params, CPU, hooks=hooks)

    return start


@pytest.fixture
def linear() -> nn.Linear:
    return nn.Linear(4, 2)
