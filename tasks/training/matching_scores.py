"""Quick figures of networks that put voices and faces into one space."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.data.augment import scale_faces
from tasks.data.readers import name_person, read_batches
from tasks.training.recordings import Embedded, embed_recordings
from tasks.training.scores import MAX_ROWS, add_prefix, compute_owner_rate

BLOCK = 64
SPLITS = ("val", "test")


@torch.no_grad()
def embed_pictures(
    embed: Callable[[Tensor], Tensor],
    folder: Path,
    *,
    device: torch.device,
    max_rows: int | None = None,
) -> Embedded:
    """A split's 64-pixel faces, as float32 [B, 3, 64, 64] in [-1, 1], through `embed`."""
    embeddings, people = [], list[str]()
    for batch in read_batches(folder, columns=["face", "identity", "video_id"], batch_size=BLOCK):
        faces = scale_faces(torch.tensor(batch["face"]).to(device))
        embeddings.append(embed(faces).float().cpu())
        people += [name_person(batch, row) for row in range(len(faces))]
        if max_rows is not None and len(people) >= max_rows:
            break
    return Embedded(torch.cat(embeddings), people)


def score_matching(
    voice: nn.Module,
    face: nn.Module,
    shards: Path,
    *,
    device: torch.device,
    splits: tuple[str, ...] = SPLITS,
) -> dict[str, float]:
    """1:2 matching by cosine, voice to face, of each split that has both; chance is 0.5."""
    scores: dict[str, float] = {}
    for split in splits:
        voices, faces = shards / "voices" / split, shards / "faces" / split
        if voices.is_dir() and faces.is_dir():
            heard = embed_recordings(voice, voices, device=device)
            seen = embed_pictures(face.eval(), faces, device=device, max_rows=MAX_ROWS)
            units = [functional.normalize(found.embeddings, dim=1) for found in (heard, seen)]
            rate = compute_owner_rate(
                units[0] @ units[1].T, probes=heard.people, candidates=seen.people
            )
            scores |= add_prefix({"matching": rate, "matching_constant": 0.5}, split)
    return scores
