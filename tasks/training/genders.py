"""Gender labels of the data sets: "m", "f" or unknown."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.data.readers import ShardIndex, read_column

MALE, FEMALE = "m", "f"


def is_male(gender: object) -> bool:
    return gender == MALE


def select_gendered(genders: Sequence[Any] | npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which of the labels say one of the two: bool [N]."""
    return np.array([gender in (MALE, FEMALE) for gender in genders], dtype=bool)


def check_genders(index: ShardIndex) -> None:
    """ValueError unless both genders are there."""
    found = set(read_column(index, "gender").tolist()) & {MALE, FEMALE}
    if found != {MALE, FEMALE}:
        named = ", ".join(sorted(found)) or "none"
        raise ValueError(f"{index.folder}: gender must be known and both m and f; found {named}")
