"""Grids of pictures, written as PNG without a picture library."""

import struct
import zlib
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

GAP_PX = 2


def build_grid(pictures: Tensor, *, num_columns: int = 8) -> Tensor:
    """Pictures [N, 3, H, W] in [0, 1] to one uint8 [H', W', 3], row by row, white between."""
    pictures = pictures.detach().float().cpu().clamp(0, 1)
    missing = -len(pictures) % num_columns
    padded = functional.pad(pictures, (0, GAP_PX, 0, GAP_PX, 0, 0, 0, missing), value=1.0)
    _, _, height, width = padded.shape
    rows = padded.view(-1, num_columns, 3, height, width).permute(0, 3, 1, 4, 2)
    grid = rows.reshape(-1, num_columns * width, 3)  # [H', W', 3]
    return (grid[:-GAP_PX, :-GAP_PX] * 255).round().to(torch.uint8)


def write_png(path: Path, picture: Tensor) -> None:
    """Writes uint8 [H, W, 3] RGB."""
    height, width, _ = picture.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, RGB
    rows = functional.pad(picture.reshape(height, width * 3), (1, 0))  # filter 0 before each row
    data = zlib.compress(rows.contiguous().numpy().tobytes())
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_pack_chunk(*chunk) for chunk in chunks))


def _pack_chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
