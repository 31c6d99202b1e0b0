"""What a pre-trained speaker encoder hears in a split's voices, beside the faces' features."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from models.speaker_encoder import SpeakerEncoder
from tasks.data.readers import name_person, read_batches

BLOCK = 16
COLUMNS = ("spectrogram", "face_feature", "identity", "video_id")


@dataclass(frozen=True)
class Heard:
    """Speaker embeddings [N, 256] and face features [N, D] of N pairs, and whose they are."""

    embeddings: Tensor
    features: Tensor
    people: list[str]


@torch.no_grad()
def hear(
    speaker: SpeakerEncoder, folder: Path, *, device: torch.device, max_rows: int | None = None
) -> Heard:
    """A split's pairs in order; about the first `max_rows` where that is given."""
    embeddings, features, people = list[Tensor](), list[Tensor](), list[str]()
    for batch in read_batches(folder, columns=list(COLUMNS), batch_size=BLOCK):
        spectrograms = torch.tensor(batch["spectrogram"]).to(device)
        embeddings.append(speaker(spectrograms).float().cpu())
        features.append(torch.tensor(batch["face_feature"]))
        people += [name_person(batch, row) for row in range(len(spectrograms))]
        if max_rows is not None and len(people) >= max_rows:
            break
    return Heard(torch.cat(embeddings), torch.cat(features), people)
