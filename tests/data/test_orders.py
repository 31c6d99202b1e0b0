import numpy as np
import pytest

from tasks.data.orders import Rows, build_generator, compute_order

SIZES = [64] * 20 + [17]
NUM_ROWS = sum(SIZES)
GROUP_OF = np.repeat(np.arange(len(SIZES)), SIZES)


def split_rows(sizes: list[int]) -> list[Rows]:
    ends = np.cumsum(sizes)
    return [np.arange(end - size, end) for end, size in zip(ends, sizes, strict=True)]


def order(**changes: int) -> Rows:
    arguments = {"seed": 1, "epoch": 0, "buffer_rows": 256} | changes
    return compute_order(split_rows(SIZES), SIZES, **arguments)


@pytest.mark.parametrize("lanes", [1, 2, 3])
@pytest.mark.parametrize("epoch", [0, 1])
def test_every_row_comes_once(lanes: int, epoch: int) -> None:
    rows = order(lanes=lanes, slice_size=16, epoch=epoch, offset=epoch * NUM_ROWS)
    assert sorted(rows.tolist()) == list(range(NUM_ROWS))


def test_order_follows_seed_and_epoch() -> None:
    assert (order() == order()).all()
    assert (order() != order(epoch=1)).any()
    assert (order() != order(seed=2)).any()


def test_few_groups_are_open_at_any_time() -> None:
    groups = GROUP_OF[order()]
    first = {g: int(np.argmax(groups == g)) for g in range(len(SIZES))}
    last = {g: len(groups) - 1 - int(np.argmax(groups[::-1] == g)) for g in range(len(SIZES))}
    opened = [sum(first[g] <= place <= last[g] for g in first) for place in range(len(groups))]
    assert max(opened) <= 256 // 64 + 1
    assert np.mean(np.diff(groups) != 0) > 0.6  # neighbours are of different groups


def test_rows_are_shuffled_within_groups_too() -> None:
    rows = order()
    within = rows[GROUP_OF[rows] == 3]
    assert (np.diff(within) < 0).any()


def test_lanes_read_different_groups() -> None:
    slices = order(lanes=2, slice_size=16)
    whole = slices[: NUM_ROWS // 32 * 32].reshape(-1, 16)
    even, odd = (set(GROUP_OF[whole[start::2]].ravel().tolist()) for start in (0, 1))
    assert len(even & odd) <= 1  # the group at the border between the two lanes


def test_lanes_stay_aligned_across_epochs() -> None:
    offset = NUM_ROWS  # not a whole number of turns
    rows = order(lanes=2, slice_size=16, epoch=1, offset=offset)
    head = -offset % 32
    whole = rows[head : head + (NUM_ROWS - head) // 32 * 32].reshape(-1, 16)
    even, odd = (set(GROUP_OF[whole[start::2]].ravel().tolist()) for start in (0, 1))
    assert len(even & odd) <= 1


def test_unwanted_rows_do_not_come() -> None:
    rows = [group[::3] for group in split_rows(SIZES)]
    found = compute_order(rows, SIZES, seed=0, epoch=0, buffer_rows=128)
    assert sorted(found.tolist()) == np.concatenate(rows).tolist()


def test_generators_follow_their_numbers() -> None:
    assert build_generator(1, 2).initial_seed() == build_generator(1, 2).initial_seed()
    assert build_generator(1, 2).initial_seed() != build_generator(2, 1).initial_seed()
