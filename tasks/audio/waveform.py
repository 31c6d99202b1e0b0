"""Length of a recording."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", bound=np.generic)


def tile_samples(samples: npt.NDArray[T], num_samples: int) -> npt.NDArray[T]:
    """The first `num_samples` of `samples` [N] repeated without end (SPEC 2.2).

    ValueError if there is nothing to repeat.
    """
    if len(samples) == 0:
        raise ValueError("no samples to tile")
    if len(samples) >= num_samples:
        return samples[:num_samples]
    repeats = -(-num_samples // len(samples))
    return np.tile(samples, repeats)[:num_samples]
