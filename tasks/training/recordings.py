"""Whole recordings through a voice embedding, as at test time (SPEC 2.1 steps 4 to 6)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tasks.audio.logmel import normalise_logmel, tile_logmel
from tasks.data.readers import name_person, read_batches


@dataclass(frozen=True)
class Embedded:
    """`embeddings` [N, D] on the CPU, and each recording's person: the video's where unknown."""

    embeddings: Tensor
    people: list[str]


def prepare_logmel(logmel: npt.NDArray[Any]) -> Tensor:
    """A stored log-mel [T, 64] as the network reads it: [1, 64, T], T at least 1000."""
    normalised = normalise_logmel(np.asarray(logmel, np.float32))
    return torch.from_numpy(tile_logmel(normalised).T.copy())[None]


@torch.no_grad()
def embed_recordings(
    network: nn.Module,
    folder: Path,
    *,
    device: torch.device,
    wanted: npt.NDArray[np.bool_] | None = None,
) -> Embedded:
    """All (wanted) recordings of a split, one by one: their lengths differ."""
    network.eval()
    embeddings, people, row = [], list[str](), 0
    for batch in read_batches(folder, columns=["logmel", "identity", "video_id"]):
        for number, logmel in enumerate(batch["logmel"]):
            if wanted is None or wanted[row]:
                embeddings.append(network(prepare_logmel(logmel).to(device)).float().cpu())
                people.append(name_person(batch, number))
            row += 1
    return Embedded(torch.cat(embeddings), people)
