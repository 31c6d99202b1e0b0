"""What several networks share: scaled widths and checks of arguments and inputs."""

from collections.abc import Collection, Sequence

import torch
from torch import Tensor

NUM_FREQUENCIES = 257  # bins of the stored spectrogram, SPEC 2.2


def scale_widths(widths: Sequence[int], factor: float) -> tuple[int, ...]:
    """Layer widths times `factor`, each at least 1."""
    if factor <= 0:
        raise ValueError(f"width must be above 0, got {factor}")
    return tuple(max(1, round(width * factor)) for width in widths)


def check_choice(name: str, value: str, *, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(sorted(allowed))}; got {value!r}")


def check_spectrograms(spectrograms: Tensor, *, min_frames: int) -> None:
    """Refuse anything but [B, 2, T, 257] with T at least `min_frames`."""
    shape = tuple(spectrograms.shape)
    if len(shape) != 4 or shape[1] != 2 or shape[3] != NUM_FREQUENCIES:
        raise ValueError(f"spectrograms must be [B, 2, T, {NUM_FREQUENCIES}], got {list(shape)}")
    if shape[2] < min_frames:
        raise ValueError(f"spectrograms must have at least {min_frames} frames, got {shape[2]}")


def to_full_precision(values: Tensor) -> Tensor:
    """float32, or float64 where it is that already: for sums that half precision cannot hold."""
    return values if values.dtype == torch.float64 else values.float()
