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


def shift_and_tint(pictures: Tensor, *, shift_px: int, tint: float) -> Tensor:
    """Each of float [B, C, H, W] moved by up to `shift_px` both ways, its content mirrored at the
    borders; its contrast changed by a factor 1 + `tint` z and each of its colours by `tint` z, z
    standard normal. Differentiable augmentation by translation and colour (Zhao et al. 2020, arXiv
    2006.10738): what judges real and generated pictures sees neither as they are.

    Draws from torch's own generator, which checkpoints hold; zeros change and draw nothing.
    """
    if shift_px:
        pictures = _shift(pictures, shift_px)
    if tint:
        size = len(pictures)
        gains = 1 + tint * torch.randn(size, 1, 1, 1).to(pictures)
        pictures = pictures * gains + tint * torch.randn(size, 3, 1, 1).to(pictures)
    return pictures


def _shift(pictures: Tensor, most_px: int) -> Tensor:
    height, width = pictures.shape[2:]
    padded = functional.pad(pictures, (most_px,) * 4, mode="reflect")
    first = torch.randint(2 * most_px + 1, (2, len(pictures), 1))  # [2, B, 1]
    rows = (first[0] + torch.arange(height)).to(pictures.device)  # [B, H]
    columns = (first[1] + torch.arange(width)).to(pictures.device)  # [B, W]
    numbers = torch.arange(len(pictures), device=pictures.device)[:, None, None]
    moved = padded.permute(0, 2, 3, 1)[numbers, rows[:, :, None], columns[:, None]]  # [B, H, W, C]
    return moved.permute(0, 3, 1, 2)
