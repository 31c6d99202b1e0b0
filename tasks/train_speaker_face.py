"""train_speaker_face: a face feature, linear in a pre-trained speaker embedding.

Not one of the papers' networks: what a voice says of a face where there are too few pairs to learn
to hear from them. Ridge regression (closed form) from the embedding of Wan et al. 2018, of which
the package Resemblyzer carries weights, to the face features of the training pairs.
"""

from pathlib import Path
from typing import Any

import torch
from prefect import task

from models.speaker_encoder import SpeakerFaceEncoder
from tasks.data.readers import read_feature_width, read_index
from tasks.params import RunParams, SpeakerFaceParams, flatten
from tasks.training.encoders import compute_mean_feature, evaluate, score_splits
from tasks.training.heard import COLUMNS, Heard, hear
from tasks.training.ridge import Choice, choose_ridge, fit_ridge
from tasks.training.speaker_package import SHA256, load_speaker_encoder
from tasks.training.stages import describe_origin, open_job, publish

NOTES = (
    "The speaker encoder is Resemblyzer 0.1.4's, trained elsewhere on other voices (LibriSpeech, "
    "VoxCeleb1 and 2, as its authors say): VoxCeleb test people are not unheard by it.",
    "Strength and gain of the ridge are chosen on training people left out, fold by fold.",
)


@task(task_run_name="train_speaker_face")
def fit_speaker_face(
    shards: Path, out: Path, code: str, params: SpeakerFaceParams, run: RunParams
) -> dict[str, float]:
    """Fits on SHARDS/pairs/train, writes speaker encoder and ridge as one network to `out`."""
    index = read_index(shards / "pairs/train", columns=COLUMNS)
    origin = describe_origin(
        flatten(params) | {"speaker_encoder": SHA256}, code=code, indices={"pairs/train": index}
    )
    job = open_job(out, origin, run=run, seed=0)
    config: dict[str, Any] = {"feature_dim": read_feature_width(index)}
    network = SpeakerFaceEncoder(**config)
    network.speaker = load_speaker_encoder(params.weights)
    network.to(job.precision.device)
    heard = hear(network.speaker, index.folder, device=job.precision.device)
    choice = choose_ridge(
        heard.embeddings,
        heard.features,
        people=heard.people,
        strengths=params.strengths,
        gains=params.gains,
    )
    set_head(network, heard, choice)
    metrics = {"strength": choice.strength, "gain": choice.gain, "folds_matching": choice.matching}
    metrics |= score_splits(
        evaluate(network),
        shards,
        constant=compute_mean_feature(index.folder),
        precision=job.precision,
    )
    publish(job, {"": (network, config)}, metrics=metrics, notes=NOTES)
    return metrics


@torch.no_grad()
def set_head(network: SpeakerFaceEncoder, heard: Heard, choice: Choice) -> None:
    line = fit_ridge(heard.embeddings, heard.features, strength=choice.strength, gain=choice.gain)
    network.head.weight.copy_(line.weight)
    network.head.bias.copy_(line.bias)
