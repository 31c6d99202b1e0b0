"""Recordings of training people that training does not see: for closed-set tests (SPEC 5.1)."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def select_held_out(
    identities: Sequence[str | None], clip_ids: Sequence[str], *, per_person: int
) -> npt.NDArray[np.bool_]:
    """The last `per_person` clips of each person, in order of id: bool [N].

    People with no more clips than that, and clips of nobody known, keep all for training.
    """
    rows: dict[str, list[int]] = defaultdict(list)
    for row in np.argsort(np.asarray(clip_ids, dtype=str), kind="stable").tolist():
        if identities[row] is not None:
            rows[str(identities[row])].append(row)
    held_out = np.zeros(len(identities), dtype=bool)
    for numbers in rows.values():
        if len(numbers) > per_person > 0:
            held_out[numbers[-per_person:]] = True
    return held_out
