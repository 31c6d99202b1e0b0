"""Figures and pictures of WEN's generator: faces of voices it was not trained on (SPEC 5.1)."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from models.voice2face import normalise_embeddings, stretch_pictures
from tasks.data.augment import scale_faces
from tasks.data.readers import name_person, read_batches
from tasks.data.resident import ResidentFaces
from tasks.training.gan import GanNetworks
from tasks.training.recordings import Embedded, embed_recordings
from tasks.training.scores import compute_accuracy, compute_owner_rate

NUM_DRAWN = 16
BLOCK = 64


@torch.no_grad()
def make_faces(networks: GanNetworks, voices: Embedded) -> Tensor:
    """Generated faces [N, 3, 64, 64] of embedded voices, without noise as at inference."""
    device = next(networks.generator.parameters()).device
    units = torch.split(normalise_embeddings(voices.embeddings), BLOCK)
    return torch.cat([networks.generator.eval()(part.to(device)).float() for part in units])


@torch.no_grad()
def draw_faces(
    networks: GanNetworks, voices: Embedded, *, faces: ResidentFaces, labels: Mapping[str, int]
) -> Tensor:
    """Generated faces over a real face of the same person, [2 N, 3, 64, 64] in [0, 1]."""
    step = max(1, len(voices.people) // NUM_DRAWN)
    chosen = Embedded(voices.embeddings[::step][:NUM_DRAWN], voices.people[::step][:NUM_DRAWN])
    first = {int(label): place for place, label in reversed(list(enumerate(faces.labels)))}
    places = torch.tensor([first[labels[name]] for name in chosen.people])
    real = (scale_faces(faces.faces[places.to(faces.faces.device)]) + 1) / 2
    made = stretch_pictures(make_faces(networks, chosen))
    rows = [
        part
        for pair in zip(torch.split(made, 8), torch.split(real, 8), strict=True)
        for part in pair
    ]
    return torch.cat(rows)


@torch.no_grad()
def score_identity(
    networks: GanNetworks, voices: Embedded, *, labels: Mapping[str, int]
) -> dict[str, float]:
    """Who the classifier sees in faces of held-out recordings, and D's score of them."""
    if not voices.people:
        return {}
    judged = networks.trunk.eval()(make_faces(networks, voices))
    numbers = torch.tensor([labels[name] for name in voices.people])
    logits = networks.classifier(judged).float().cpu()
    realness = networks.discriminator(judged).float().sigmoid()
    return {
        "held_out_top1": compute_accuracy(logits, numbers),
        "held_out_top5": compute_accuracy(logits, numbers, top=5),
        "held_out_chance": 1 / len(labels),
        "discriminator_score": float(realness.mean()),
    }


@torch.no_grad()
def score_matching(networks: GanNetworks, shards: Path, *, split: str) -> dict[str, float]:
    """1:2 voice to face matching of a split's people by the trunk (SPEC 5.2); chance and a constant
    face give 0.5. Nothing where the split is empty."""
    voices_folder, faces_folder = shards / "voices" / split, shards / "faces" / split
    if not (voices_folder.is_dir() and faces_folder.is_dir()):
        return {}
    device = next(networks.generator.parameters()).device
    voices = embed_recordings(networks.embedding, voices_folder, device=device)
    made = make_faces(networks, voices)
    probes = embed_faces(networks, made)
    candidates, people = _read_real(networks, faces_folder)
    rate = compute_owner_rate(probes @ candidates.T, probes=voices.people, candidates=people)
    return {
        f"{split}_matching": rate,
        f"{split}_matching_constant": 0.5,
        f"{split}_pixel_std": float(stretch_pictures(made).std(dim=0).mean()),
    }


def embed_faces(networks: GanNetworks, faces: Tensor) -> Tensor:
    """Unit vectors [N, 64] of faces [N, 3, 64, 64] in [-1, 1], on the CPU."""
    parts = [networks.trunk.eval()(part).float().cpu() for part in torch.split(faces, BLOCK)]
    return functional.normalize(torch.cat(parts), dim=1)


def _read_real(networks: GanNetworks, folder: Path) -> tuple[Tensor, list[str]]:
    device = next(networks.generator.parameters()).device
    vectors, people = [], list[str]()
    for batch in read_batches(folder, columns=["face", "identity", "video_id"]):
        faces = scale_faces(torch.tensor(batch["face"]).to(device))
        vectors.append(embed_faces(networks, faces))
        people += [name_person(batch, row) for row in range(len(faces))]
    return torch.cat(vectors), people
