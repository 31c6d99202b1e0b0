"""What encoders are measured on: which pairs, and their labels."""

from pathlib import Path

import numpy as np
import pytest

from tasks.data.readers import Group, ShardIndex, read_batches, read_column, read_index
from tasks.evaluation.held_out import draw_groups, read_held_out, read_spectrograms
from tests.training_corpus import write_training_shards


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> ShardIndex:
    return read_index(write_training_shards(tmp_path_factory.mktemp("shards")) / "pairs/test")


def test_all_pairs_are_read_in_order(index: ShardIndex) -> None:
    held_out = read_held_out(index, limit=1000)
    assert len(held_out) == held_out.num_available == index.num_rows
    np.testing.assert_array_equal(held_out.features, read_column(index, "face_feature"))
    assert list(held_out.genders) == list(read_column(index, "gender"))
    assert set(held_out.people) == set(read_column(index, "identity"))
    (batch,) = read_batches(index.folder, columns=["spectrogram"], batch_size=1000)
    blocks = [block.numpy() for block in read_spectrograms(index, held_out.groups)]
    np.testing.assert_array_equal(np.concatenate(blocks), batch["spectrogram"])


def test_unknown_labels_are_none(index: ShardIndex) -> None:
    held_out = read_held_out(index, limit=1000)
    for labels in (held_out.ages, held_out.ethnicities, held_out.nationalities):
        assert set(labels) == {None}
    assert set(held_out.labels.ethnicities) == {None}


def test_a_part_is_whole_groups_drawn_by_seed() -> None:
    groups = tuple(Group(Path("shard"), place, 64 * place, 64) for place in range(20))
    index = ShardIndex(Path("pairs"), None, groups, ())
    first, again, other = (draw_groups(index, limit=200, seed=seed) for seed in (0, 0, 1))
    assert first == again != other
    assert len(first) == 4  # 256 rows: the fewest groups that hold 200
    assert [group.index for group in first] == sorted(group.index for group in first)
    assert draw_groups(index, limit=64 * 20) == list(groups)
