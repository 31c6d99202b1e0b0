"""WEN's trained networks: faces from embeddings, and what the judges say of faces."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from models.voice2face import (
    DiscriminatorHead,
    FaceEmbedding,
    Generator,
    IdentityHead,
    VoiceEmbedding,
)
from tasks.data.augment import scale_faces
from tasks.training.gan import GanNetworks
from tasks.training.weights import load_weights, read_card

BLOCK = 256
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Networks:
    """Frozen, in evaluation mode, all on `device`; `labels` are the classifier's people."""

    gan: GanNetworks
    trunk_config: Mapping[str, Any]
    labels: dict[str, int]
    num_held_out: int
    device: torch.device


def load_networks(embedding: Path, gan: Path, *, device: torch.device) -> Networks:
    """ValueError for missing weights, or a GAN that was trained with another voice embedding."""
    wanted = read_card(gan / "generator").upstream.get("voice_embedding")
    if wanted != read_card(embedding).sha256:
        raise ValueError(f"{gan}: was trained with another voice embedding than {embedding}")
    card = read_card(gan / "classifier")
    networks = GanNetworks(
        load_weights(embedding, expected=VoiceEmbedding).to(device),
        load_weights(gan / "generator", expected=Generator).to(device),
        load_weights(gan / "face_embedding", expected=FaceEmbedding).to(device),
        load_weights(gan / "discriminator", expected=DiscriminatorHead).to(device),
        load_weights(gan / "classifier", expected=IdentityHead).to(device),
    )
    return Networks(
        networks,
        read_card(gan / "face_embedding").config,
        dict(card.labels or {}),
        int(card.params["held_out"]),
        device,
    )


@torch.no_grad()
def embed_faces(trunk: nn.Module, pictures: Tensor, *, device: torch.device) -> Floats:
    """Vectors [N, 64] of faces, float [N, 3, 64, 64] or as stored, uint8 [N, 64, 64, 3]."""
    parts = []
    for part in torch.split(pictures, BLOCK):
        scaled = scale_faces(part) if part.dtype == torch.uint8 else part
        parts.append(trunk(scaled.to(device)).float().cpu())
    vectors: Floats = torch.cat(parts).numpy()
    return vectors


@torch.no_grad()
def judge_realness(networks: Networks, pictures: Tensor) -> Floats:
    """sigmoid(D(·)) of faces: [N]."""
    vectors = torch.from_numpy(embed_faces(networks.gan.trunk, pictures, device=networks.device))
    logits = networks.gan.discriminator(vectors.to(networks.device))
    scores: Floats = logits.sigmoid().cpu().numpy()
    return scores


@torch.no_grad()
def classify_people(networks: Networks, pictures: Tensor) -> Tensor:
    """Logits [N, people] of the trained classifier."""
    vectors = torch.from_numpy(embed_faces(networks.gan.trunk, pictures, device=networks.device))
    logits: Tensor = networks.gan.classifier(vectors.to(networks.device)).cpu()
    return logits
