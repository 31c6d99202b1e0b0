"""train_gender_classifier: a speaker's gender from speech, for AR-SPM's priors (SPEC 3.5)."""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from prefect import task
from torch import Tensor, nn
from torch.nn import functional

from models.ar_spm import GenderClassifier
from tasks.data.datasets import build_pairs_dataset
from tasks.data.readers import ShardIndex, read_batches, read_column, read_index
from tasks.data.streams import Batch, open_batches
from tasks.params import GenderClassifierParams, RunParams, flatten
from tasks.training.checkpoint import Trained
from tasks.training.genders import check_genders, is_male, select_gendered
from tasks.training.loop import Hooks
from tasks.training.optimisers import build_adam
from tasks.training.precision import Precision, place_network
from tasks.training.scores import MAX_ROWS
from tasks.training.stages import (
    Job,
    describe_origin,
    open_job,
    open_run,
    open_stream,
    publish,
)
from tasks.training.supervised import Recipe, StepLosses, train_supervised

BLOCK = 16
COLUMNS = ("spectrogram", "gender")
NOTES = ("Trained on the corpus's own voices: VGGFace has no sound (SPEC 7, row 28).",)


@task(task_run_name="train_gender_classifier")
def fit_gender_classifier(
    shards: Path, out: Path, code: str, params: GenderClassifierParams, run: RunParams
) -> dict[str, float]:
    """Trains on the voices of SHARDS/pairs/train whose gender is known, writes to `out`."""
    index = read_index(shards / "pairs/train", columns=COLUMNS)
    check_genders(index)
    origin = describe_origin(flatten(params), code=code, indices={"pairs/train": index})
    job = open_job(out, origin, run=run, seed=params.loop.seed)
    config: dict[str, Any] = {"width": params.width}
    network = GenderClassifier(**config)
    _train(network, index, shards=shards, job=job, params=params)
    metrics = score_splits(network, shards, precision=job.precision)
    publish(job, {"": (network, config)}, metrics=metrics, notes=NOTES)
    return metrics


def _train(
    network: GenderClassifier,
    index: ShardIndex,
    *,
    shards: Path,
    job: Job,
    params: GenderClassifierParams,
) -> None:
    place_network(network, job.precision)
    loop = params.loop
    adam = build_adam(network.parameters(), rate=params.rate)
    dataset = build_pairs_dataset(
        index.folder,
        open_stream(job, loop),
        columns=COLUMNS,
        wanted=select_gendered(read_column(index, "gender")),
    )
    hooks = Hooks(
        validate=partial(score_splits, network, shards, precision=job.precision, splits=("val",))
    )
    train_supervised(
        network,
        adam,
        run=open_run(job, Trained({"gender": network}, {"adam": adam}), loop=loop, hooks=hooks),
        compute_losses=partial(compute_losses, precision=job.precision),
        open_batches=lambda n: open_batches(dataset, start=n, num_workers=job.loader_workers),
        precision=job.precision,
        recipe=Recipe(),
    )


def compute_losses(network: nn.Module, batch: Batch, *, precision: Precision) -> StepLosses:
    with precision.autocast():
        logits = network(batch["spectrogram"].float())  # [B]
    target = torch.tensor([is_male(name) for name in batch["gender"]]).to(logits.device)
    loss = functional.binary_cross_entropy_with_logits(logits.float(), target.float())
    accuracy = ((logits > 0) == target).float().mean()
    return StepLosses({"gender": loss}, metrics={"accuracy": accuracy})


@torch.no_grad()
def score_splits(
    network: GenderClassifier,
    shards: Path,
    *,
    precision: Precision,
    splits: tuple[str, ...] = ("val", "test"),
) -> dict[str, float]:
    """Accuracy on unseen speakers, beside that of always naming the more frequent gender."""
    scores = {}
    for split in splits:
        folder = shards / "pairs" / split
        if not folder.is_dir():
            continue
        logits, target = predict_split(network, folder, precision=precision)
        if len(target):
            share = float(target.double().mean())
            scores[f"{split}_accuracy"] = float(((logits > 0) == target).double().mean())
            scores[f"{split}_constant"] = max(share, 1 - share)
    return scores


def predict_split(
    network: GenderClassifier, folder: Path, *, precision: Precision
) -> tuple[Tensor, Tensor]:
    """Logits and truth (male) of a split's first voices of known gender, [N] each."""
    logits, target = [], list[bool]()
    for batch in read_batches(folder, columns=list(COLUMNS), batch_size=BLOCK):
        known = select_gendered(batch["gender"])
        if known.any():
            spectrograms = torch.tensor(batch["spectrogram"][known]).to(precision.device).float()
            logits.append(network.eval()(spectrograms).float().cpu())
            target += [is_male(name) for name in batch["gender"][known]]
        if len(target) >= MAX_ROWS:
            break
    return torch.cat(logits or [torch.zeros(0)]), torch.tensor(target, dtype=torch.bool)
