"""Faces as they might also have been photographed (chosen): for networks that see few of them."""

import torch
from torch import Tensor
from torch.nn import functional

MIRRORED_SHARE = 0.5


def vary_faces(faces: Tensor, *, strength: float) -> Tensor:
    """Each of float [B, 3, H, W] mirrored or not, moved by up to `strength` of half a side, scaled
    and turned (radians) by as much, and its contrast changed by twice as much at most.

    Draws from torch's own generator, which checkpoints hold; 0 changes nothing and draws nothing.
    """
    if strength == 0:
        return faces
    draws = strength * (2 * torch.rand(5, len(faces)) - 1)  # [5, B]
    sides = torch.where(torch.rand(len(faces)) < MIRRORED_SHARE, -1.0, 1.0)
    scale, (sine, cosine) = 1 + draws[0], (draws[1].sin(), draws[1].cos())
    rows = (
        torch.stack((sides * scale * cosine, -scale * sine, draws[2]), dim=1),
        torch.stack((sides * scale * sine, scale * cosine, draws[3]), dim=1),
    )
    grid = functional.affine_grid(
        torch.stack(rows, dim=1).to(faces), list(faces.shape), align_corners=False
    )
    moved = functional.grid_sample(faces, grid, padding_mode="border", align_corners=False)
    return moved * (1 + 2 * draws[4]).to(faces)[:, None, None, None]
