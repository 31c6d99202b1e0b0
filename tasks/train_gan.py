"""train_gan: WEN's faces from voices (SPEC 4.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from prefect import task
from torch import nn

from models.voice2face import (
    DiscriminatorHead,
    FaceEmbedding,
    Generator,
    IdentityHead,
    VoiceEmbedding,
)
from tasks.data.held_out import select_held_out
from tasks.data.readers import read_column, read_index
from tasks.data.resident import build_shared_labels, load_faces, load_voices
from tasks.params import GanParams, RunParams, VoiceEmbeddingParams, flatten
from tasks.training import gan
from tasks.training.gan_scores import draw_faces, score_identity, score_matching
from tasks.training.loop import Hooks
from tasks.training.precision import Precision, place_network
from tasks.training.recordings import Embedded, embed_recordings
from tasks.training.stages import Job, describe_origin, open_job, open_run, publish
from tasks.training.weights import load_weights, read_card

Config = dict[str, Any]
DATA_SETS = ("voices", "faces")
NOTES = ("Matching embeds faces with the trained trunk (SPEC 7, row 7).",)
NAMES = {
    "generator": "generator",
    "trunk": "face_embedding",
    "discriminator": "discriminator",
    "classifier": "classifier",
}


@dataclass(frozen=True)
class People:
    """The training people with voices and faces, and the recordings kept from training."""

    voices: Path
    faces: Path
    labels: Mapping[str, int]
    held_out: npt.NDArray[np.bool_]


@task(task_run_name="train_gan")
def fit_gan(
    shards: Path,
    embedding: Path,
    out: Path,
    code: str,
    params: GanParams,
    voice_params: VoiceEmbeddingParams,
    run: RunParams,
) -> dict[str, float]:
    """Trains on voices and faces of SHARDS; `out` gets generator, face_embedding, discriminator and
    classifier."""
    people = read_people(shards, per_person=voice_params.held_out)
    origin = describe_origin(
        flatten(params) | {"held_out": voice_params.held_out},
        code=code,
        indices={f"{name}/train": read_index(shards / name / "train") for name in DATA_SETS},
        upstream={"voice_embedding": embedding},
    )
    voice = load_weights(embedding, expected=VoiceEmbedding)
    job = open_job(out, origin, run=run, seed=params.loop.seed)
    configs = build_configs(
        params,
        num_people=len(people.labels),
        dimension=read_card(embedding).config["embedding_dim"],
    )
    networks = build_networks(voice, configs, precision=job.precision)
    if params.generator_start == "kaiming":
        spread_generator(networks.generator)
    heard = hear_held_out(voice, people, job=job)
    _train(networks, people, heard, job=job, params=params)
    metrics = score_identity(networks, heard, labels=people.labels)
    for split in ("val", "test"):
        metrics |= score_matching(networks, shards, split=split)
    made = {NAMES[name]: (getattr(networks, name), configs[name]) for name in NAMES}
    publish(job, made, metrics=metrics, labels=people.labels, notes=NOTES)
    return metrics


def read_people(shards: Path, *, per_person: int) -> People:
    """ValueError if fewer than two people have both a voice and a face."""
    voices, faces = shards / "voices/train", shards / "faces/train"
    index = read_index(voices, columns=("logmel", "identity"))
    labels = build_shared_labels(voices, faces)
    identities = read_column(index, "identity").tolist()
    clip_ids = read_column(index, "clip_id").tolist()
    held_out = select_held_out(identities, clip_ids, per_person=per_person)
    known = np.array([name in labels for name in identities], dtype=bool)
    return People(voices, faces, labels, held_out & known)


def build_configs(params: GanParams, *, num_people: int, dimension: int) -> dict[str, Config]:
    """Constructor's arguments by network; the generator reads embeddings of `dimension`."""
    shared = {"embedding_dim": dimension, "kernels": params.kernels}
    trunk = shared | {"channels": params.trunk_channels, "last_layer": params.last_layer}
    return {
        "generator": shared | {"channels": params.generator_channels},
        "trunk": trunk,
        "discriminator": {"embedding_dim": dimension},
        "classifier": {"num_classes": num_people, "embedding_dim": dimension},
    }


def build_networks(
    voice: nn.Module, configs: Mapping[str, Config], *, precision: Precision
) -> gan.GanNetworks:
    networks = gan.GanNetworks(
        voice,
        Generator(**configs["generator"]),
        FaceEmbedding(**configs["trunk"]),
        DiscriminatorHead(**configs["discriminator"]),
        IdentityHead(**configs["classifier"]),
    )
    for network in vars(networks).values():
        place_network(network, precision)
    return networks


@torch.no_grad()
def spread_generator(generator: nn.Module) -> None:
    """He's initialisation by the taps that reach a pixel, no bias: pictures differ from the start.

    PyTorch's counts a transposed convolution's outputs instead: each layer then shrinks what the
    voices differ in, and its bias drowns it.
    """
    layers = [layer for layer in generator.modules() if isinstance(layer, nn.ConvTranspose2d)]
    for number, layer in enumerate(layers):
        taps = max(1, layer.kernel_size[0] // layer.stride[0]) ** 2
        # The first reads unit vectors, so their values' mean square is 1 / D already.
        fan_in = 1 if number == 0 else layer.in_channels * taps
        gain = 1 if layer is layers[-1] else 2
        layer.weight.normal_(std=(gain / fan_in) ** 0.5)
        if layer.bias is not None:
            layer.bias.zero_()


def hear_held_out(voice: nn.Module, people: People, *, job: Job) -> Embedded:
    """The recordings training does not see; all of them where none is held out."""
    wanted = people.held_out if people.held_out.any() else None
    found = embed_recordings(voice, people.voices, device=job.precision.device, wanted=wanted)
    known = [place for place, name in enumerate(found.people) if name in people.labels]
    return Embedded(found.embeddings[known], [found.people[place] for place in known])


def _train(
    networks: gan.GanNetworks, people: People, heard: Embedded, *, job: Job, params: GanParams
) -> None:
    device, labels = job.precision.device, people.labels
    faces = load_faces(people.faces, labels=labels, device=device)
    loop = params.loop
    recipe = gan.GanRecipe(
        loop.seed,
        loop.batch_size,
        params.rate,
        noise_std=params.noise_std,
        shift_px=params.judge_shift_px,
        tint=params.judge_tint,
    )
    gan.train_gan(
        networks,
        voices=load_voices(people.voices, labels=labels, device=device, wanted=~people.held_out),
        faces=faces,
        run=open_run(
            job,
            gan.build_gan_state(networks, recipe),
            loop=loop,
            hooks=Hooks(
                validate=partial(score_matching, networks, people.voices.parents[1], split="val"),
                draw=partial(draw_faces, networks, heard, faces=faces, labels=labels),
            ),
            keep_steps=frozenset(params.keep_steps),
        ),
        recipe=recipe,
        precision=job.precision,
    )
