"""Systems from folders of weights: each folder's card says what it holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.ar_spm import SpeechEncoder
from models.ar_spm_priors import get_variant
from models.dimnet import DimNet
from models.speech2face import VoiceEncoder
from models.svhf import Svhf
from tasks.data.readers import read_batches, read_column, read_index
from tasks.data.shards import list_shards
from tasks.evaluation.matching_table.systems import Direction, Embedded, Judge, System
from tasks.evaluation.voice2face.networks import embed_faces, load_networks
from tasks.training import svhf
from tasks.training.gan_scores import make_faces
from tasks.training.matching_scores import embed_pictures
from tasks.training.priors import load_priors
from tasks.training.recordings import Embedded as Heard
from tasks.training.recordings import embed_recordings
from tasks.training.weights import CARD, load_weights, read_card

BLOCK = 16
VOICES_AT_ONCE = 1024
GAN_PART = "generator"
DIRECTION_OF: Mapping[str, Direction] = {"voice": "V→F", "face": "F→V"}


@dataclass(frozen=True)
class Data:
    """Folders of the data sets; `svhf` is what write_svhf_shards made."""

    shards: Path
    svhf: Path
    device: torch.device


@dataclass(frozen=True)
class Source:
    """`compute` embeds a split below one of the data sets in `needs` (folders)."""

    name: str
    needs: tuple[Path, ...]
    compute: Callable[[str], System]

    def embed(self, split: str) -> System | str:
        """What the system makes of a split, or why it cannot."""
        for folder in self.needs:
            if not list_shards(folder / split):
                return f"{folder.name} has no {split} split"
        return self.compute(split)


def open_sources(weights: Sequence[Path], data: Data) -> list[Source]:
    """The systems that the folders make up, in the order of Table 3.

    ValueError for a folder without weights, or a part without those it needs.
    """
    kinds: dict[str, list[Path]] = {}
    for folder in weights:
        kinds.setdefault(name_kind(folder), []).append(folder)
    found = [_open_svhf(kinds["models.svhf.Svhf"], data)] if "models.svhf.Svhf" in kinds else []
    found += [_open_dimnet(folder, data) for folder in kinds.get("models.dimnet.DimNet", [])]
    if GAN_PART in kinds:
        embedding = _get_only(kinds, "models.voice2face.VoiceEmbedding", needed_by="WEN")
        found.append(_open_wen(embedding, kinds[GAN_PART][0], data))
    for folder in kinds.get("models.speech2face.VoiceEncoder", []):
        found.append(_open_speech2face(folder, data))
    for folder in kinds.get("models.ar_spm.SpeechEncoder", []):
        priors = _get_only(kinds, "models.ar_spm_priors.FacePriors", needed_by="ar_spm")
        gender = _get_only(kinds, "models.ar_spm.GenderClassifier", needed_by="ar_spm")
        found.append(_open_ar_spm(folder, priors, gender, data))
    if not found:
        raise ValueError(f"none of {', '.join(map(str, weights))} holds a system that can match")
    return found


def name_kind(folder: Path) -> str:
    """The class that its card names, "generator" for WEN's folder; ValueError without weights."""
    return GAN_PART if (folder / GAN_PART / CARD).is_file() else read_card(folder).network


def _get_only(kinds: Mapping[str, Sequence[Path]], kind: str, *, needed_by: str) -> Path:
    if kind not in kinds:
        raise ValueError(f"{needed_by} needs weights of {kind}, none of the folders holds them")
    return kinds[kind][0]


def _open_svhf(folders: Sequence[Path], data: Data) -> Source:
    networks: dict[Direction, Svhf] = {}
    for folder in folders:
        network = load_weights(folder, expected=Svhf).to(data.device)
        assert isinstance(network, Svhf)
        networks[DIRECTION_OF[network.probe]] = network

    def compute(split: str) -> System:
        judges = {}
        for direction, network in networks.items():
            parts = []
            for strand, embed in (("voices", svhf.embed_voices), ("faces", svhf.embed_faces)):
                folder = data.svhf / strand / split
                parts.append(_name(folder, embed(network, folder, device=data.device).embeddings))
            judges[direction] = Judge(parts[0], parts[1], network)
        why = "a network of its own, not among the weights given"
        return System("SVHF", judges, dict.fromkeys(DIRECTION_OF.values(), why))

    return Source("SVHF", (data.svhf / "voices", data.svhf / "faces"), compute)


def _open_dimnet(folder: Path, data: Data) -> Source:
    network = load_weights(folder, expected=DimNet).to(data.device)
    assert isinstance(network, DimNet)
    name = f"DIMNet-{read_card(folder).params['variant']}"
    embed = partial(_embed_small, voice=network.voice, face=network.face, data=data)
    return _make_source(name, ("voices", "faces"), embed, data)


def _embed_small(
    split: str, *, voice: nn.Module, face: Callable[[Tensor], Tensor], data: Data
) -> tuple[Embedded, Embedded]:
    voices, faces = data.shards / "voices" / split, data.shards / "faces" / split
    heard = embed_recordings(voice, voices, device=data.device)
    seen = embed_pictures(face, faces, device=data.device)
    return _name(voices, heard.embeddings), _name(faces, seen.embeddings)


def _open_wen(embedding: Path, folder: Path, data: Data) -> Source:
    """Faces made of voices against real ones, both through the trained trunk (SPEC 7, row 7)."""
    networks = load_networks(embedding, folder, device=data.device)

    def embed(split: str) -> tuple[Embedded, Embedded]:
        voices, faces = _embed_small(
            split, voice=networks.gan.embedding, face=networks.gan.trunk, data=data
        )
        made = []
        for part in torch.split(torch.from_numpy(voices.vectors), VOICES_AT_ONCE):
            pictures = make_faces(networks.gan, Heard(part, []))
            made.append(embed_faces(networks.gan.trunk, pictures, device=data.device))
        return Embedded(voices.names, np.concatenate(made)), faces

    return _make_source("WEN", ("voices", "faces"), embed, data)


def _open_speech2face(folder: Path, data: Data) -> Source:
    network = load_weights(folder, expected=VoiceEncoder).to(data.device)
    return _make_source(
        "Speech2Face", ("pairs",), partial(_embed_pairs, predict=network, data=data), data
    )


def _open_ar_spm(folder: Path, priors: Path, gender: Path, data: Data) -> Source:
    network = load_weights(folder, expected=SpeechEncoder).to(data.device)
    variant = get_variant(str(read_card(folder).params["variant"]))
    prior = load_priors(priors, gender, variant=variant, device=data.device)
    predict = prior.bind(network)
    return _make_source(
        "AR-SPM", ("pairs",), partial(_embed_pairs, predict=predict, data=data), data
    )


@torch.no_grad()
def _embed_pairs(
    split: str, *, predict: Callable[[Tensor], Tensor], data: Data
) -> tuple[Embedded, Embedded]:
    """Features that the voices predict, and those of the faces."""
    folder = data.shards / "pairs" / split
    predicted, target = [], []
    for batch in read_batches(folder, columns=["spectrogram", "face_feature"], batch_size=BLOCK):
        spectrograms = torch.tensor(batch["spectrogram"]).to(data.device).float()
        predicted.append(predict(spectrograms).float().cpu())
        target.append(torch.tensor(batch["face_feature"]))
    return _name(folder, torch.cat(predicted)), _name(folder, torch.cat(target))


def _make_source(
    name: str,
    needs: Sequence[str],
    embed: Callable[[str], tuple[Embedded, Embedded]],
    data: Data,
) -> Source:
    def compute(split: str) -> System:
        voices, faces = embed(split)
        judge = Judge(voices, faces)
        return System(name, {"V→F": judge, "F→V": judge})

    return Source(name, tuple(data.shards / need for need in needs), compute)


def _name(folder: Path, vectors: Tensor) -> Embedded:
    names: Any = read_column(read_index(folder), "clip_id").tolist()
    return Embedded(names, vectors.cpu().numpy())
