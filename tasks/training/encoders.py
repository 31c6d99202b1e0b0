"""What the two encoders from voice to face feature share: windows, targets, figures, pictures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.losses import FaceViews
from tasks.audio.spectrogram import FRAME, HOP, SAMPLE_RATE
from tasks.data.augment import draw_integer
from tasks.data.orders import build_generator
from tasks.data.readers import decode_faces, name_person, read_batches
from tasks.data.streams import Batch, ShardDataset, open_batches
from tasks.training.face_network import FaceNetwork
from tasks.training.precision import Precision
from tasks.training.scores import MAX_ROWS, add_prefix, compute_feature_scores
from tasks.training.weights import read_card

WINDOW = 5  # of the seed's streams
BLOCK = 16
NUM_DRAWN = 8

# Spectrograms float32 [B, 2, T, 257] on the device to features [B, D].
Predict = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Predictions:
    """What an encoder says of a split's voices, and the true features: [N, D] each, on the CPU."""

    predicted: Tensor
    target: Tensor
    people: list[str]


def count_frames(seconds: float) -> int:
    """Frames of a spectrogram: 298 for 3 s, 598 for 6 s (SPEC 2.2)."""
    return 1 + (round(seconds * SAMPLE_RATE) - FRAME) // HOP


def check_decoder(folder: Path, *, dimension: int) -> None:
    """ValueError if the decoder reads features of another width than the shards'."""
    found = read_card(folder).config["feature_dim"]
    if found != dimension:
        raise ValueError(f"{folder}: reads features of {found} values, the shards have {dimension}")


def open_windows(
    dataset: ShardDataset, *, num_frames: int, start: int, num_workers: int
) -> Iterator[Batch]:
    """Batches from step `start` on, whose spectrograms are cut to one random window a batch."""
    batches = open_batches(dataset, start=start, num_workers=num_workers)
    for step, batch in enumerate(batches, start=start):
        spectrograms = batch["spectrogram"]
        if (spare := spectrograms.shape[2] - num_frames) > 0:
            random = build_generator(dataset.stream.seed, step, WINDOW)
            first = draw_integer(random, 0, high=spare)
            spectrograms = spectrograms[:, :, first : first + num_frames]
        yield batch | {"spectrogram": spectrograms}


def evaluate(network: nn.Module) -> Predict:
    """The network in evaluation mode whenever it is asked."""

    def predict(spectrograms: Tensor) -> Tensor:
        features: Tensor = network.eval()(spectrograms)
        return features

    return predict


def view_features(
    features: Tensor, *, compute_code: Callable[[Tensor], Tensor], judge: FaceNetwork | None
) -> FaceViews:
    """A batch of features with what the frozen networks make of them."""
    logits = None if judge is None else judge.classify(features)
    return FaceViews(features, compute_code(features), logits)


def compute_mean_feature(folder: Path) -> Tensor:
    """[D]: the constant answer that every figure is set beside."""
    total, count = torch.zeros(()), 0
    for batch in read_batches(folder, columns=["face_feature"], batch_size=1024):
        features = torch.tensor(batch["face_feature"], dtype=torch.float64)
        total, count = total + features.sum(dim=0), count + len(features)
    return (total / count).float()


@torch.no_grad()
def start_at(last: nn.Linear, answer: Tensor, *, prior: Tensor | None = None) -> None:
    """Makes `answer` [D] the layer's output for an input of 0, or for `prior` [D] if given."""
    base = torch.zeros_like(last.bias) if prior is None else last.weight @ prior.to(last.weight)
    last.bias.copy_(answer.to(last.bias) - base)


@torch.no_grad()
def predict_split(predict: Predict, folder: Path, *, precision: Precision) -> Predictions:
    """At most the first 2000 rows of a split; whole spectrograms."""
    columns = ["spectrogram", "face_feature", "identity", "video_id"]
    predicted, target, people = [], [], list[str]()
    for batch in read_batches(folder, columns=columns, batch_size=BLOCK):
        spectrograms = torch.tensor(batch["spectrogram"]).to(precision.device).float()
        with precision.autocast():
            predicted.append(predict(spectrograms).float().cpu())
        target.append(torch.tensor(batch["face_feature"]))
        people += [name_person(batch, row) for row in range(len(spectrograms))]
        if len(people) >= MAX_ROWS:
            break
    return Predictions(torch.cat(predicted), torch.cat(target), people)


def score_splits(
    predict: Predict,
    shards: Path,
    *,
    constant: Tensor,
    precision: Precision,
    splits: tuple[str, ...] = ("val", "test"),
) -> dict[str, float]:
    """Angles and 1:2 matching on unseen people, beside a constant answer; chance is 0.5."""
    scores: dict[str, float] = {}
    for split in splits:
        folder = shards / "pairs" / split
        if folder.is_dir():
            found = predict_split(predict, folder, precision=precision)
            scores |= add_prefix(score_predictions(found, constant), split)
    return scores


def score_predictions(found: Predictions, constant: Tensor) -> dict[str, float]:
    """`spread` is the share of the true features' spread that the predictions have: 0 for a
    constant answer."""
    scores = compute_feature_scores(
        found.predicted, found.target, people=found.people, constant=constant
    )
    spreads = [measure_spread(values) for values in (found.predicted, found.target)]
    return scores | {"spread": spreads[0] / spreads[1]}


def measure_spread(features: Tensor) -> float:
    """Root mean square distance of unit vectors [N, D] from their mean."""
    units = functional.normalize(features.double(), dim=1)
    return float((units - units.mean(dim=0)).square().sum(dim=1).mean().sqrt())


@torch.no_grad()
def draw_split(
    predict: Predict, decode: Callable[[Tensor], Tensor], folder: Path, *, precision: Precision
) -> Tensor:
    """Faces, decoded true features and decoded voices, in rows: [3 N, 3, 224, 224] in [0, 1]."""
    columns = ["spectrogram", "face_feature", "face"]
    batch = next(iter(read_batches(folder, columns=columns, batch_size=256)))
    step = max(1, len(batch["face"]) // NUM_DRAWN)
    rows = list(range(0, len(batch["face"]), step))[:NUM_DRAWN]
    faces = torch.tensor(decode_faces([batch["face"][row] for row in rows]))
    target = torch.tensor(np.asarray(batch["face_feature"])[rows]).to(precision.device)
    spectrograms = torch.tensor(np.asarray(batch["spectrogram"])[rows]).to(precision.device).float()
    decoded = [decode(features).float().cpu() for features in (target, predict(spectrograms))]
    blank = torch.ones(-len(rows) % NUM_DRAWN, *decoded[0].shape[1:])
    parts = [faces.permute(0, 3, 1, 2).float() / 255, *decoded]
    return torch.cat([row for part in parts for row in (part, blank)])


def pick_drawn_split(shards: Path) -> Path:
    """val where there is one, else train."""
    folder = shards / "pairs/val"
    return folder if folder.is_dir() else shards / "pairs/train"
