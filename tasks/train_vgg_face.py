"""train_vgg_face: VGG-Face from scratch on this corpus's people, where its weights are not at hand.

After Parkhi, Vedaldi, Zisserman 2015: a classifier of the training people by stochastic gradient
descent. Smaller batches, widths and schedules are chosen.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from prefect import task
from torch import Tensor, nn
from torch.nn import functional

from models.losses import compute_identity_loss
from models.vgg_face import VggFace, draw_initial_weights, prepare_faces
from tasks.data.aligned_faces import (
    FaceRow,
    build_aligned_dataset,
    read_aligned_batches,
    read_face_rows,
    read_faces_index,
    select_split,
)
from tasks.data.held_out import select_held_out
from tasks.data.readers import ShardIndex, build_labels
from tasks.data.streams import Batch, open_batches
from tasks.params import RunParams, SplitParams, VggFaceParams, flatten
from tasks.training.checkpoint import Trained
from tasks.training.loop import Hooks
from tasks.training.optimisers import build_sgd, decay_at
from tasks.training.precision import Precision, place_network
from tasks.training.scores import (
    MAX_ROWS,
    compute_accuracy,
    compute_majority,
    compute_owner_rate,
)
from tasks.training.stages import (
    Job,
    describe_origin,
    open_job,
    open_run,
    open_stream,
    publish,
)
from tasks.training.supervised import Recipe, StepLosses, train_supervised

BLOCK = 32
NOTES = (
    "Trained from scratch on this corpus's faces: its features are not the published network's.",
    "Faces are mirrored but not cropped anew: the stored ones have no margin (chosen).",
)


class Classifier(nn.Module):
    """Prepared faces [B, 3, 224, 224] to logits [B, people]."""

    def __init__(self, network: VggFace) -> None:
        super().__init__()
        self.network = network

    def forward(self, faces: Tensor) -> Tensor:
        return self.network.classify(self.network(faces))


@dataclass(frozen=True)
class People:
    """All faces, class numbers of the training people by name, and faces training does not see."""

    index: ShardIndex
    rows: list[FaceRow]
    labels: dict[str, int]
    held_out: npt.NDArray[np.bool_]

    def select(self, split: str) -> npt.NDArray[np.bool_]:
        return select_split(self.rows, split)


@task(task_run_name="train_vgg_face")
def fit_vgg_face(
    clips: Path,
    faces: Path,
    out: Path,
    code: str,
    params: VggFaceParams,
    split: SplitParams,
    run: RunParams,
) -> dict[str, float]:
    """Trains on the training people of FACES, named by CLIPS, writes VGG-Face to `out`."""
    people = read_people(clips, faces, split=split, per_person=params.held_out)
    origin = describe_origin(
        flatten(params) | {"split": flatten(split)}, code=code, indices={"faces": people.index}
    )
    job = open_job(out, origin, run=run, seed=params.loop.seed)
    config: dict[str, Any] = {
        "conv_widths": params.conv_widths,
        "hidden_dim": params.hidden_dim,
        "feature_dim": params.feature_dim,
        "num_identities": len(people.labels),
    }
    network = VggFace(**config)
    draw_initial_weights(network)
    _train(network, people, job=job, params=params)
    metrics = score_held_out(network, people, precision=job.precision)
    for name in ("val", "test"):
        metrics |= score_strangers(network, people, split=name, precision=job.precision)
    publish(job, {"": (network, config)}, metrics=metrics, labels=people.labels, notes=NOTES)
    return metrics


def read_people(clips: Path, faces: Path, *, split: SplitParams, per_person: int) -> People:
    """ValueError for fewer than two named training people."""
    index = read_faces_index(faces)
    rows = read_face_rows(clips, faces, split)
    train = select_split(rows, "train")
    names = [row.identity if is_train else None for row, is_train in zip(rows, train, strict=True)]
    try:
        labels = build_labels(names)
    except ValueError as error:
        raise ValueError(f"{faces}: training people with a face: {error}") from None
    held_out = select_held_out(names, [row.clip_id for row in rows], per_person=per_person)
    return People(index, rows, labels, held_out)


def _train(network: VggFace, people: People, *, job: Job, params: VggFaceParams) -> None:
    place_network(network, job.precision)
    sgd = build_sgd(network.parameters(), rate=params.rate, weight_decay=params.weight_decay)
    dataset = build_aligned_dataset(
        people.index,
        open_stream(job, params.loop),
        rows=people.rows,
        labels=people.labels,
        wanted=people.select("train") & ~people.held_out,
    )
    hooks = Hooks(validate=partial(score_held_out, network, people, precision=job.precision))
    train_supervised(
        Classifier(network),
        sgd,
        run=open_run(job, Trained({"face": network}, {"sgd": sgd}), loop=params.loop, hooks=hooks),
        compute_losses=partial(compute_losses, precision=job.precision),
        open_batches=lambda n: open_batches(dataset, start=n, num_workers=job.loader_workers),
        precision=job.precision,
        recipe=Recipe(decay_at(params.milestones), max_norm=params.max_norm),
    )


def compute_losses(network: nn.Module, batch: Batch, *, precision: Precision) -> StepLosses:
    with precision.autocast():
        logits = network(scale_pictures(batch["face"]))  # [B, people]
    accuracy = (logits.argmax(dim=1) == batch["label"]).float().mean()
    loss = compute_identity_loss(logits, batch["label"])
    return StepLosses({"identity": loss}, metrics={"accuracy": accuracy})


def scale_pictures(faces: Tensor) -> Tensor:
    """uint8 [B, H, W, 3] as the network reads it: [B, 3, H, W], 0-255 minus the mean colour."""
    return prepare_faces(faces.permute(0, 3, 1, 2) / 255)


@torch.no_grad()
def embed(
    network: VggFace, people: People, wanted: npt.NDArray[np.bool_], *, precision: Precision
) -> tuple[Tensor, list[str]]:
    """Features [N, D] of the first wanted faces, on the CPU, and whose they are."""
    network.eval()
    chosen = np.flatnonzero(wanted)[:MAX_ROWS]
    mask = np.zeros_like(wanted)
    mask[chosen] = True
    features = []
    for faces in read_aligned_batches(people.index, mask, batch_size=BLOCK):
        with precision.autocast():
            found = network(scale_pictures(faces.to(precision.device)))
        features.append(found.float().cpu())
    return torch.cat(features), [str(people.rows[place].identity) for place in chosen]


@torch.no_grad()
def score_held_out(network: VggFace, people: People, *, precision: Precision) -> dict[str, float]:
    """Who the classifier sees in held-out faces of the training people; nothing without any."""
    if not people.held_out.any():
        return {}
    features, names = embed(network, people, people.held_out, precision=precision)
    labels = torch.tensor([people.labels[name] for name in names])
    logits = network.classify(features.to(precision.device)).float().cpu()
    return {
        "held_out_accuracy": compute_accuracy(logits, labels),
        "held_out_chance": 1 / len(people.labels),
        "held_out_constant": compute_majority(labels, labels),
    }


def score_strangers(
    network: VggFace, people: People, *, split: str, precision: Precision
) -> dict[str, float]:
    """Same or another person: 1:2 matching by cosine among unseen people's faces (chance 0.5);
    nothing where nobody has two."""
    wanted = people.select(split)
    if not wanted.any():
        return {}
    features, names = embed(network, people, wanted, precision=precision)
    units = functional.normalize(features.double(), dim=1)
    scores = (units @ units.T).fill_diagonal_(-2.0)  # a face is no candidate for itself
    rate = match_others(scores, names)
    return {} if rate is None else {f"{split}_matching": rate}


def match_others(scores: Tensor, names: list[str]) -> float | None:
    """Mean over faces of P(another face of the person is nearer than a stranger's)."""
    rates = []
    for place, name in enumerate(names):
        rest = [number for number in range(len(names)) if number != place]
        rate = compute_owner_rate(
            scores[place, rest][None], probes=[name], candidates=[names[n] for n in rest]
        )
        if rate == rate:  # NaN: the person has one face
            rates.append(rate)
    return sum(rates) / len(rates) if rates else None
