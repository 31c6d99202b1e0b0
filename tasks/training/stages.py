"""What training stages share: where they work, what their result follows from, what they leave."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tasks.data.readers import ENCODER_KEYS, ShardIndex, compute_data_hash
from tasks.data.shards import compute_key
from tasks.data.streams import Stream
from tasks.params import LoopParams, RunParams
from tasks.training.checkpoint import Trained
from tasks.training.distributed import Ranks, read_ranks, wait_for_all
from tasks.training.loop import Hooks, Run, RunSettings
from tasks.training.precision import Precision, choose_precision
from tasks.training.weights import Card, describe_class, read_card, save_weights

LOGS = {
    "training": "log",
    "validation": "validation",
    "gradients": "gradients",
    "speaker/training": "speaker_log",
    "speaker/validation": "speaker_validation",
}
KEEP_LAST = 2
WEIGHTS = "weights"


@dataclass(frozen=True)
class Origin:
    """What a run's result follows from: parameters, shards, other weights, and code."""

    params: Mapping[str, Any]
    code: str
    data: Mapping[str, str]
    upstream: Mapping[str, str] = field(default_factory=dict)
    face_encoder: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One training stage at work: `out` gets the weights, `folder` holds the checkpoints; of
    several processes, the first one writes."""

    out: Path
    folder: Path
    origin: Origin
    precision: Precision
    loader_workers: int = 0
    ranks: Ranks = field(default_factory=Ranks)


def describe_origin(
    params: Mapping[str, Any],
    *,
    code: str,
    indices: Mapping[str, ShardIndex],
    upstream: Mapping[str, Path] | None = None,
) -> Origin:
    """`indices` by "data set/split", `upstream` folders of weights by artefact."""
    first = next(iter(indices.values())).schema.metadata or {}
    return Origin(
        params=params,
        code=code,
        data={name: compute_data_hash(index) for name, index in indices.items()},
        upstream={name: read_card(path).sha256 for name, path in (upstream or {}).items()},
        face_encoder={k: first[k.encode()].decode() for k in ENCODER_KEYS if k.encode() in first},
    )


def open_job(out: Path, origin: Origin, *, run: RunParams, seed: int) -> Job:
    """Sets torch's threads and seed.

    Checkpoints lie under a key of what they follow from: a changed parameter starts anew, a killed
    run goes on.
    """
    torch.set_num_threads(run.training_threads)
    torch.manual_seed(seed)
    ranks = read_ranks()
    precision = choose_precision(run.device, local_rank=ranks.local_rank)
    folder = place_checkpoints(out, origin)
    return Job(out, folder, origin, precision, run.loader_workers, ranks)


def place_checkpoints(out: Path, origin: Origin) -> Path:
    """Beside the folder of all weights, in the same order: data/weights/variants/x has its
    checkpoints in data/checkpoints/variants/x."""
    weights = next((path for path in out.parents if path.name == WEIGHTS), out.parent)
    key = compute_key(**vars(origin))[:16]
    return weights.parent / "checkpoints" / out.relative_to(weights) / key


def open_stream(job: Job, loop: LoopParams) -> Stream:
    """This process's part of the batches; ValueError if they do not split over the processes."""
    return Stream(loop.batch_size, loop.seed, rank=job.ranks.rank, world=job.ranks.world)


def open_run(
    job: Job,
    trained: Trained,
    *,
    loop: LoopParams,
    hooks: Hooks,
    keep_steps: frozenset[int] = frozenset(),
) -> Run:
    settings = RunSettings(
        job.folder,
        loop.num_steps,
        name=job.out.name,
        log_every=loop.log_every,
        save_every=loop.save_every,
        validate_every=loop.validate_every,
        draw_every=loop.draw_every,
        keep_last=KEEP_LAST,
        keep_steps=keep_steps,
    )
    params = vars(job.origin) | {"threads": torch.get_num_threads()}
    return Run(trained, settings, params, job.precision.device, job.ranks, hooks)


def publish(
    job: Job,
    networks: Mapping[str, tuple[nn.Module, Mapping[str, Any]]],
    *,
    metrics: Mapping[str, float],
    labels: Mapping[str, int] | None = None,
    notes: tuple[str, ...] = (),
) -> None:
    """Writes each network (with its constructor's arguments) below `job.out`, logs and pictures.

    A network named "" lies in `job.out` itself.
    """
    if job.ranks.is_first:
        _write_all(job, networks, metrics=metrics, labels=labels, notes=notes)
    wait_for_all(job.ranks)


def _write_all(
    job: Job,
    networks: Mapping[str, tuple[nn.Module, Mapping[str, Any]]],
    *,
    metrics: Mapping[str, float],
    labels: Mapping[str, int] | None,
    notes: tuple[str, ...],
) -> None:
    origin = job.origin
    clear(job.out)
    publish_logs(job)
    for name, (network, config) in networks.items():
        card = Card(
            describe_class(network),
            config,
            params=origin.params,
            data=origin.data,
            upstream=origin.upstream,
            face_encoder=origin.face_encoder,
            metrics=metrics,
            labels=labels,
            notes=notes,
        )
        save_weights(job.out / name, network, card)


def clear(folder: Path) -> None:
    """An empty folder."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def publish_logs(job: Job) -> None:
    """Timing stays behind: it differs from run to run."""
    for source, name in LOGS.items():
        path = job.folder / f"{source}.csv"
        if path.is_file():
            shutil.copyfile(path, job.out / f"{name}.csv")
    if (job.folder / "pictures").is_dir():
        shutil.copytree(job.folder / "pictures", job.out / "pictures")
