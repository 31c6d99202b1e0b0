"""Random crops of log-mels and flips of faces, drawn for a whole batch (SPEC 2.1 step 6, 2.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

WINDOW = 800  # frames of the window each recording draws, SPEC 2.1
MIN_LENGTH, MAX_LENGTH = 300, 800  # frames of a batch's crops, SPEC 2.1
TILED_FRAMES = 1000  # shorter recordings are repeated up to here, SPEC 2.1
FLIP_SHARE = 0.5  # SPEC 2.3
STRIPE_SHARE = 0.125  # of the axis, the widest stripe that is hidden (chosen)


@dataclass(frozen=True)
class Share:
    """The part of a global batch of `total` that one rank holds: `count` from `first` on."""

    first: int
    count: int
    total: int


def draw_uniform(random: Generator, share: Share) -> Tensor:
    """float64 [count] in [0, 1): this rank's part of what the global batch draws."""
    values = torch.rand(share.total, generator=random, dtype=torch.float64)
    return values[share.first : share.first + share.count]


def draw_integer(random: Generator, low: int, *, high: int) -> int:
    """One of low..high, both included."""
    return int(torch.randint(low, high + 1, (), generator=random))


def draw_crops(num_frames: Tensor, *, random: Generator, share: Share) -> Tensor:
    """Frame numbers int64 [B, L] of one crop of each recording of `num_frames` [B].

    L ~ U{300..800} for the whole batch; each recording draws a window of 800 frames of itself
    (repeated to 1000 where shorter), and one offset in the window serves all.
    """
    length = draw_integer(random, MIN_LENGTH, high=MAX_LENGTH)
    offset = draw_integer(random, 0, high=WINDOW - length)
    places = num_frames.clamp_min(TILED_FRAMES) - WINDOW + 1  # [B]
    windows = (draw_uniform(random, share) * places).long()  # [B]
    frames = windows[:, None] + offset + torch.arange(length)  # [B, L]
    return frames % num_frames[:, None]


def crop_logmels(logmels: Sequence[Tensor], *, random: Generator, share: Share) -> Tensor:
    """Normalised log-mels, B of [T, 64], to a batch of crops [B, 64, L]."""
    num_frames = torch.tensor([len(logmel) for logmel in logmels])
    frames = draw_crops(num_frames, random=random, share=share)
    crops = [logmel[rows] for logmel, rows in zip(logmels, frames, strict=True)]
    return torch.stack(crops).transpose(1, 2).contiguous()  # [B, 64, L]


def flip_faces(faces: Tensor, *, random: Generator, share: Share) -> Tensor:
    """Mirrors each face [B, H, W, 3] with probability 0.5."""
    flipped = (draw_uniform(random, share) < FLIP_SHARE).to(faces.device)  # [B]
    return torch.where(flipped[:, None, None, None], faces.flip(2), faces)


def scale_faces(faces: Tensor) -> Tensor:
    """uint8 [B, H, W, 3] to float32 [B, 3, H, W] in [-1, 1] (SPEC 2.3)."""
    return (faces.permute(0, 3, 1, 2).float() - 127.5) / 127.5


def warp_frequencies(spectrograms: Tensor, factor: float) -> Tensor:
    """What was at frequency f comes to `factor` x f: [..., F], 0 above what is known.

    The nearest bin is taken: between two complex ones a mean would cancel out.
    """
    num_bins = spectrograms.shape[-1]
    source = (torch.arange(num_bins) / factor).round().long()
    return spectrograms[..., source.clamp(max=num_bins - 1)] * (source < num_bins)


def hide_stripes(spectrograms: Tensor, *, count: int, random: Generator) -> Tensor:
    """Sets `count` stripes of each of [B, C, T, F] to 0 in time, and as many in frequency."""
    shown = torch.ones(len(spectrograms), 1, *spectrograms.shape[2:], dtype=torch.bool)
    for axis, size in ((2, spectrograms.shape[2]), (3, spectrograms.shape[3])):
        for _ in range(count):
            first, width = torch.rand(2, len(spectrograms), 1, generator=random) * size
            places = torch.arange(size)
            inside = (places >= first) & (places < first + STRIPE_SHARE * width)  # [B, size]
            shown &= ~inside[:, None, :, None] if axis == 2 else ~inside[:, None, None, :]
    return spectrograms * shown
