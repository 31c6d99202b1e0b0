"""SVHF while it learns, and what its streams make of whole recordings and faces (SPEC 6.1)."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.svhf import FACE_SIZE, Svhf, choose_bucket, mirror_rows
from models.vgg_face import MEAN_RGB
from tasks.data.readers import decode_faces, name_person, read_batches
from tasks.training.recordings import Embedded
from tasks.training.vary import vary_faces

CROP_SHARE = 0.85  # of the face's side that is shown
BLOCK = 32
COMPARED = 4096  # trials at once


class IdentifyingSvhf(nn.Module):
    """SVHF with a classifier of the training people on each stream, for its beginning; `vary` is
    the strength of `vary_faces`."""

    def __init__(self, svhf: Svhf, *, num_people: int, vary: float = 0.0) -> None:
        super().__init__()
        self.svhf, self.vary = svhf, vary
        last = svhf.voice_stream.fc7[0]
        assert isinstance(last, nn.Linear)
        self.voice_people = nn.Linear(last.out_features, num_people)
        self.face_people = nn.Linear(last.out_features, num_people)

    def forward(self, batch: dict[str, Any]) -> dict[str, Tensor]:
        """Logits of a batch: `match` [B * K, 2] of its triplets, `voice` and `face` [B, P]."""
        voices = self.svhf.voice_stream(mirror_rows(batch["spectrogram"].float()))  # [B, E]
        shown = vary_faces(prepare_faces(batch["face"]), strength=self.vary)
        faces = self.svhf.face_stream(shown)  # [B, E]
        order = batch["order"]  # [B, K, 2]
        probes, others = (voices, faces) if self.svhf.probe == "voice" else (faces, voices)
        repeated = probes[:, None].expand(-1, order.shape[1], -1)  # [B, K, E]
        return {
            "match": self.svhf.compare(repeated.flatten(0, 1), others[order.flatten(0, 1)]),
            "voice": self.voice_people(voices),
            "face": self.face_people(faces),
        }


def prepare_faces(faces: Tensor) -> Tensor:
    """uint8 [B, 224, 224, 3] RGB to the middle 85 % at full size, less the mean (VGG-Face's,
    chosen): float32 [B, 3, 224, 224]."""
    side = round(CROP_SHARE * faces.shape[1])
    first = (faces.shape[1] - side) // 2
    middle = faces[:, first : first + side, first : first + side].permute(0, 3, 1, 2).float()
    mean = torch.tensor(MEAN_RGB, device=faces.device)[:, None, None]
    return functional.interpolate(middle, (FACE_SIZE, FACE_SIZE), mode="bilinear") - mean


def crop_middle(spectrogram: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The middle of [T, 257], as long as the largest bucket that fits."""
    length = choose_bucket(len(spectrogram))
    first = (len(spectrogram) - length) // 2
    return spectrogram[first : first + length]


@torch.no_grad()
def embed_voices(network: Svhf, folder: Path, *, device: torch.device) -> Embedded:
    """All recordings of a split, one by one: their lengths differ."""
    network.eval()
    embeddings, people = [], list[str]()
    for batch in read_batches(folder, columns=["spectrogram", "identity", "video_id"]):
        for row, cell in enumerate(batch["spectrogram"]):
            halves = torch.from_numpy(np.ascontiguousarray(crop_middle(cell).T)).to(device)
            embeddings.append(network.voice_stream(mirror_rows(halves.float()[None])).cpu())
            people.append(name_person(batch, row))
    return Embedded(torch.cat(embeddings), people)


@torch.no_grad()
def embed_faces(network: Svhf, folder: Path, *, device: torch.device) -> Embedded:
    """All faces of a split."""
    network.eval()
    embeddings, people = [], list[str]()
    for batch in read_batches(folder, columns=["face", "identity", "video_id"], batch_size=BLOCK):
        faces = torch.from_numpy(decode_faces(list(batch["face"]))).to(device)
        embeddings.append(network.face_stream(prepare_faces(faces)).cpu())
        people += [name_person(batch, row) for row in range(len(faces))]
    return Embedded(torch.cat(embeddings), people)


@torch.no_grad()
def compute_preferences(network: Svhf, probes: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """How much each probe's answer is `first` rather than `second` [N, E] each: [N], 0 undecided.

    Both orders are asked, so that neither side is favoured (chosen).
    """
    device = next(network.parameters()).device
    network.eval()
    parts = []
    for rows in torch.split(torch.arange(len(probes)), COMPARED):
        own, one, two = (values[rows].to(device) for values in (probes, first, second))
        there = network.compare(own, torch.stack((one, two), dim=1))
        back = network.compare(own, torch.stack((two, one), dim=1))
        parts.append(((there[:, 0] - there[:, 1]) - (back[:, 0] - back[:, 1])).cpu())
    return torch.cat(parts)
