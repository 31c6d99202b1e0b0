"""Features as rows of a matrix."""

import numpy as np
import numpy.typing as npt

from tasks.evaluation.scores import Floats


def check_vectors(left: Floats, right: Floats) -> None:
    """Raises ValueError unless both are finite [N, D] with one D."""
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[1]:
        raise ValueError(f"features do not fit: {list(left.shape)} against {list(right.shape)}")
    for vectors in (left, right):
        bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        if len(bad):
            raise ValueError(f"{len(bad)} features are not finite, the first in row {bad[0]}")


def scale_to_unit(vectors: Floats) -> npt.NDArray[np.float32]:
    """Rows [N, D] of length 1; rows of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, np.where(lengths > 0, lengths, 1)).astype(np.float32)
