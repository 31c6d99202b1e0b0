"""What a pre-trained speaker encoder hears in a split's voices, beside the faces' features."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from models.speaker_encoder import SpeakerEncoder
from tasks.data.readers import name_person, read_batches
from tasks.training.speaker_package import load_speaker_encoder

BLOCK = 16
TOLD_FRAMES = 391  # 4 s, four of its windows: what pupils are told of a recording
COLUMNS = ("spectrogram", "face_feature", "clip_id", "identity", "video_id")


@dataclass(frozen=True)
class Heard:
    """Speaker embeddings [N, 256] and face features [N, D] of N pairs, their names, and whose they
    are."""

    embeddings: Tensor
    features: Tensor
    clip_ids: list[str]
    people: list[str]


@lru_cache(maxsize=4)
def hear_once(folder: Path, data_hash: str, device: torch.device) -> Heard:
    """A split's pairs by the packaged speaker encoder; several networks may start from them."""
    return hear(load_speaker_encoder().to(device), folder, device=device, num_frames=TOLD_FRAMES)


@torch.no_grad()
def hear(
    speaker: SpeakerEncoder, folder: Path, *, device: torch.device, num_frames: int | None = None
) -> Heard:
    """A split's pairs in order, of their first `num_frames` where that is given."""
    embeddings, features = list[Tensor](), list[Tensor]()
    clip_ids, people = list[str](), list[str]()
    for batch in read_batches(folder, columns=list(COLUMNS), batch_size=BLOCK):
        spectrograms = torch.tensor(batch["spectrogram"])[:, :, :num_frames].to(device)
        embeddings.append(speaker(spectrograms).float().cpu())
        features.append(torch.tensor(batch["face_feature"]))
        clip_ids += map(str, batch["clip_id"])
        people += [name_person(batch, row) for row in range(len(spectrograms))]
    return Heard(torch.cat(embeddings), torch.cat(features), clip_ids, people)
