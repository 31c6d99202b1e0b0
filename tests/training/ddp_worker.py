"""One process of the test of several: `python ddp_worker.py PAIRS FOLDER`."""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch
from torch import nn

from tasks.data.datasets import build_pairs_dataset
from tasks.data.streams import Batch, Stream, open_batches
from tasks.training.checkpoint import Trained
from tasks.training.distributed import Ranks, join_group, sum_values
from tasks.training.loop import Hooks, Run, RunSettings
from tasks.training.optimisers import build_adam
from tasks.training.precision import choose_precision
from tasks.training.supervised import Recipe, StepLosses, train_supervised


def compute_losses(network: nn.Module, batch: Batch) -> StepLosses:
    output = network(batch["spectrogram"].float().flatten(1)[:, :12])
    errors = (output - batch["face_feature"]).square().sum(1)
    return StepLosses({"l2": errors.mean()}, output=output)


def train(pairs: Path, folder: Path, *, ranks: Ranks, accumulate: int = 1) -> nn.Module:
    """Ranks start from different weights: the first one's count."""
    torch.manual_seed(ranks.rank)
    network = nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 3))
    adam = build_adam(network.parameters(), rate=1e-2)
    stream = Stream(8 // accumulate, seed=2, rank=ranks.rank, world=ranks.world)
    hooks = Hooks(lambda: sum_values({"ranks": 1.0}, ranks, device=torch.device("cpu")))
    settings = RunSettings(folder, num_steps=12, log_every=1, save_every=6, validate_every=12)
    train_supervised(
        network,
        adam,
        run=Run(
            Trained({"net": network}, {"net": adam}),
            settings,
            {},
            torch.device("cpu"),
            ranks=ranks,
            hooks=hooks,
        ),
        compute_losses=compute_losses,
        open_batches=partial(_open, pairs, stream),
        precision=choose_precision("cpu"),
        recipe=Recipe(accumulate=accumulate),
    )
    return network


def _open(pairs: Path, stream: Stream, start: int) -> Iterator[Batch]:
    return open_batches(build_pairs_dataset(pairs, stream), start=start)


if __name__ == "__main__":
    with join_group(torch.device("cpu")) as group:
        for accumulate in (1, 2):
            folder = Path(sys.argv[2], str(accumulate))
            train(Path(sys.argv[1]), folder, ranks=group, accumulate=accumulate)
