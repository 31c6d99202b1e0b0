"""The order in which training sees the rows: a function of seed and epoch, not of a reader's state.

Any step's rows can so be named without reading what came before it: a run continues where it was
stopped, on the same or another number of workers and ranks.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

Rows = npt.NDArray[np.int64]


def compute_order(
    rows: Sequence[Rows],
    sizes: Sequence[int],
    *,
    seed: int,
    epoch: int,
    buffer_rows: int,
    lanes: int = 1,
    slice_size: int = 1,
    offset: int = 0,
) -> Rows:
    """Every row once: row groups shuffled, then rows within `buffer_rows` of the groups' order.

    `rows` [G] of [n] are the wanted rows of each group, `sizes` [G] the rows that reading it costs.
    With `lanes` L, slices of `slice_size` rows are taken in turn from L parts of the groups: then
    L readers that each take every L-th slice read different groups. `offset` is the number of rows
    in earlier epochs, across whose border slices go on.
    """
    random = np.random.default_rng([seed, epoch])
    groups = random.permutation(len(rows))
    ordered = np.concatenate([rows[group] for group in groups])  # [N]
    ends = np.cumsum(np.asarray(sizes)[groups])
    blocks = np.repeat((ends - 1) // max(1, buffer_rows // lanes), [len(rows[g]) for g in groups])
    part = _split_lanes(len(ordered), lanes, stride=lanes * slice_size, offset=offset)
    shuffled = ordered[np.lexsort((random.random(len(ordered)), blocks, part))]
    head, tail = int((part == -1).sum()), int((part == lanes).sum())
    body = shuffled[head : len(shuffled) - tail].reshape(lanes, -1, slice_size)
    turns = body.transpose(1, 0, 2).ravel()
    return np.concatenate([shuffled[:head], turns, shuffled[len(shuffled) - tail :]])


def _split_lanes(num_rows: int, lanes: int, *, stride: int, offset: int) -> Rows:
    """Lane of each place; -1 and `lanes` for what is left before and after whole turns."""
    head = min(-offset % stride, num_rows)
    turns = (num_rows - head) // stride
    places = np.arange(num_rows) - head
    lane = places // max(1, turns * stride // lanes)
    lane[places >= turns * stride] = lanes
    lane[places < 0] = -1
    return lane


def build_generator(*entropy: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator that depends on these numbers alone, e.g. seed, step, rank."""
    state = np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0]
    return torch.Generator(device).manual_seed(int(state >> np.uint64(1)))
