import numpy as np

from tasks.lists.assignment import assign_rows, find_first, pack_videos


def ints(*values):
    return np.array(values, np.int64)


def as_lists(shards):
    return {index: rows.tolist() for index, rows in shards.items()}


def test_whole_videos_in_order_of_first_appearance():
    # Videos 7, 3, 9 with rows scattered over the list.
    videos = ints(7, 3, 7, 9, 3, 7)
    shards = assign_rows(np.arange(6), videos, old={}, shard_size=5)
    assert as_lists(shards) == {0: [0, 2, 5, 1, 4], 1: [3]}


def test_a_long_video_has_a_shard_to_itself():
    assert pack_videos(ints(2, 9, 1, 1, 2), shard_size=3).tolist() == [0, 1, 2, 2, 3]


def test_known_clips_stay_and_new_ones_come_after():
    old = {0: ints(10, 11, 12), 1: ints(20), 4: ints(30, 31)}
    clips = ints(40, 31, 11, 10, 30, 41)
    shards = assign_rows(clips, ints(1, 2, 3, 4, 5, 1), old=old, shard_size=8)
    assert as_lists(shards) == {0: [3, 2], 1: [], 4: [4, 1], 5: [0, 5]}


def test_another_corpus_starts_anew():
    shards = assign_rows(ints(1, 2), ints(1, 1), old={3: ints(8, 9)}, shard_size=8)
    assert as_lists(shards) == {0: [0, 1]}


def test_agrees_with_a_plain_loop():
    rng = np.random.default_rng(0)
    videos = rng.integers(0, 40, 500)
    groups: dict[int, list[int]] = {}
    for row, video in enumerate(videos.tolist()):
        groups.setdefault(video, []).append(row)
    expected: list[list[int]] = [[]]
    for rows in groups.values():
        if expected[-1] and len(expected[-1]) + len(rows) > 32:
            expected.append([])
        expected[-1] += rows
    shards = assign_rows(rng.permutation(500), videos, old={}, shard_size=32)
    assert list(as_lists(shards).values()) == expected


def test_first_of_equal_values():
    assert find_first(ints(5, 3, 5, 5, 3, 8)).tolist() == [0, 1, 0, 0, 1, 5]
