"""Which clip goes into which shard: whole videos, in order of first appearance, append-only."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def assign_rows(
    clips: Ints, videos: Ints, *, old: Mapping[int, Ints], shard_size: int
) -> dict[int, Ints]:
    """Positions of listed rows by shard number, in the shard's order.

    `clips`, `videos` [N]: hashes of each row's clip and video id, no clip twice. `old`: the clip
    hashes of the shards there are. Known clips keep shard and order; the others make new shards
    after the last. Nothing known: numbers start at 0, as it is another corpus.
    """
    ranks = find_ranks(clips, np.concatenate([*old.values(), np.empty(0, np.int64)]))
    known = np.flatnonzero(ranks >= 0)
    shards: dict[int, Ints] = {}
    if len(known):
        known = known[np.argsort(ranks[known])]
        ends = np.cumsum([len(hashes) for hashes in old.values()])
        cuts = np.searchsorted(ranks[known], ends[:-1])
        shards = dict(zip(old, np.split(known, cuts), strict=True))
    new = np.flatnonzero(ranks < 0)
    start = max(shards, default=-1) + 1
    for offset, rows in enumerate(_divide(videos[new], shard_size=shard_size)):
        shards[start + offset] = new[rows]
    return shards


def find_ranks(clips: Ints, old: Ints) -> Ints:
    """Where each of `clips` stands in `old`; -1 for one that does not."""
    if not len(old):
        return np.full(len(clips), -1)
    order = np.argsort(old)
    places = np.searchsorted(old, clips, sorter=order)
    candidates = order[np.minimum(places, len(old) - 1)]
    return np.where(old[candidates] == clips, candidates, -1)


def find_first(hashes: Ints) -> Ints:
    """For each position that of the first equal value."""
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    return first[inverse]


def pack_videos(counts: Ints, *, shard_size: int) -> Ints:
    """Shard number from 0 of each video, given its number of clips, filled in order.

    A shard holds at most `shard_size` clips, or a single video that has more.
    """
    shards = np.empty(len(counts), np.int64)
    shard, filled = 0, 0
    for video, count in enumerate(counts.tolist()):
        if filled and filled + count > shard_size:
            shard, filled = shard + 1, 0
        shards[video] = shard
        filled += count
    return shards


def _divide(videos: Ints, *, shard_size: int) -> list[Ints]:
    """Positions by shard: videos by first appearance, within one in order of the list."""
    if not len(videos):
        return []
    _, first, inverse, counts = np.unique(
        videos, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    appearance = np.empty_like(order)
    appearance[order] = np.arange(len(order))
    shards = pack_videos(counts[order], shard_size=shard_size)
    rows = np.argsort(appearance[inverse], kind="stable")
    cuts = np.flatnonzero(np.diff(np.repeat(shards, counts[order]))) + 1
    return np.split(rows, cuts)
