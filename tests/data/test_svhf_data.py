"""Triplets: whose voice, whose faces, on which side."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tasks.data.readers import decode_faces
from tasks.data.streams import Stream, open_batches
from tasks.data.svhf_data import build_triplets_dataset, crop_frames, load_shelf
from tests.training_corpus import write_svhf_training_shards

LABELS = {f"person-{number:04d}": number for number in range(8)}


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_svhf_training_shards(tmp_path_factory.mktemp("svhf"))


def draw(shards: Path, *, steps: int = 30, seed: int = 0) -> list[dict]:
    dataset = build_triplets_dataset(
        shards / "voices/train",
        Stream(12, seed),
        labels=LABELS,
        faces=load_shelf(shards / "faces/train", labels=LABELS),
        num_frames=100,
        num_impostors=5,
    )
    batches = open_batches(dataset)
    return [next(batches) for _ in range(steps)]


def test_one_of_two_candidates_is_the_probe_s_own(shards):
    sides = []
    for batch in draw(shards):
        assert batch["spectrogram"].shape == (12, 257, 100)
        assert batch["face"].shape == (12, 224, 224, 3)
        labels = batch["label"]
        for row, (orders, answers) in enumerate(zip(batch["order"], batch["answer"], strict=True)):
            for order, answer in zip(orders, answers, strict=True):
                assert order[answer] == row
                assert labels[order[1 - answer]] != labels[row]
        sides += batch["answer"].flatten().tolist()
    # Binomial: 1,800 draws of a fair coin lie in 812 … 988 but for one case in 30,000.
    assert 812 <= sum(sides) <= 988


def test_the_face_is_the_speaker_s(shards):
    batch = draw(shards, steps=1)[0]
    shelf = load_shelf(shards / "faces/train", labels=LABELS)
    for face, label in zip(batch["face"], batch["label"].tolist(), strict=True):
        own = decode_faces([shelf.cells[row] for row in shelf.rows[label]])
        assert any((face.numpy() == picture).all() for picture in own)


def test_impostors_are_everybody_else_alike(shards):
    counts = np.zeros((8, 8))
    for batch in draw(shards, steps=30):
        labels, order = batch["label"], batch["order"]
        other = order.gather(2, 1 - batch["answer"][:, :, None])[:, :, 0]  # [B, K]
        own = labels[:, None].expand_as(other)
        np.add.at(counts, (own.numpy(), labels[other].numpy()), 1)
    assert (np.diag(counts) == 0).all()
    assert (counts[~np.eye(8, dtype=bool)] > 5).all()


def test_the_same_seed_gives_the_same_triplets(shards):
    one, two = (draw(shards, steps=2)[1] for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)
    other = draw(shards, steps=2, seed=1)[1]
    assert not torch.equal(one["order"], other["order"])


def test_crops_start_anywhere_and_repeat_short_recordings():
    cell = np.arange(7)[:, None] * np.ones((1, 3))
    assert crop_frames(cell, 3, place=0.999)[:, 0].tolist() == [4, 5, 6]
    assert crop_frames(cell, 10, place=0.0)[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 1, 2]


def test_a_person_without_a_face_is_refused(shards):
    with pytest.raises(ValueError, match="no face of nobody"):
        load_shelf(shards / "faces/train", labels={**LABELS, "nobody": 8})
