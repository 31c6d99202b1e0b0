"""Triplets: whose voice, whose faces, on which side."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tasks.data.streams import Stream, open_batches
from tasks.data.svhf_data import build_triplets_dataset, crop_frames, load_shelf
from tests.training_corpus import write_svhf_training_shards

LABELS = {f"person-{number:04d}": number for number in range(8)}


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_svhf_training_shards(tmp_path_factory.mktemp("svhf"))


def draw(shards: Path, probe: str, *, steps: int = 30, seed: int = 0) -> list[dict]:
    dataset = build_triplets_dataset(
        shards / "voices/train",
        Stream(12, seed),
        labels=LABELS,
        faces=load_shelf(shards / "faces/train", labels=LABELS),
        num_frames=100,
        probe=probe,
    )
    batches = open_batches(dataset)
    return [next(batches) for _ in range(steps)]


def test_one_of_two_faces_is_the_speakers(shards):
    sides = []
    for batch in draw(shards, "voice"):
        assert batch["spectrogram"].shape == (12, 257, 100)
        assert batch["face"].shape == (12, 2, 224, 224, 3)
        for voice, faces, answer in zip(
            batch["voice_label"], batch["face_label"], batch["answer"], strict=True
        ):
            assert faces[answer] == voice
            assert faces[1 - answer] != voice
        sides += batch["answer"].tolist()
    # Binomial: 360 draws of a fair coin lie in 142 … 218 but for one case in 30,000.
    assert 142 <= sum(sides) <= 218


def test_one_of_two_voices_is_the_faces(shards):
    for batch in draw(shards, "face", steps=10):
        people = batch["voice_label"][batch["order"]]  # [B, 2]
        assert batch["face"].shape == (12, 1, 224, 224, 3)
        for faces, pair, answer in zip(batch["face_label"], people, batch["answer"], strict=True):
            assert pair[answer] == faces[0]
            assert pair[1 - answer] != faces[0]


def test_impostors_are_everybody_else_alike(shards):
    counts = np.zeros((8, 8))
    for batch in draw(shards, "voice", steps=120):
        rows = torch.arange(12)
        others = batch["face_label"][rows, 1 - batch["answer"]]
        np.add.at(counts, (batch["voice_label"].numpy(), others.numpy()), 1)
    assert (np.diag(counts) == 0).all()
    assert (counts[~np.eye(8, dtype=bool)] > 5).all()


def test_the_same_seed_gives_the_same_triplets(shards):
    one, two = (draw(shards, "voice", steps=2)[1] for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)
    other = draw(shards, "voice", steps=2, seed=1)[1]
    assert not torch.equal(one["voice_label"], other["voice_label"])


def test_crops_start_anywhere_and_repeat_short_recordings():
    cell = np.arange(7)[:, None] * np.ones((1, 3))
    assert crop_frames(cell, 3, place=0.999)[:, 0].tolist() == [4, 5, 6]
    assert crop_frames(cell, 10, place=0.0)[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 1, 2]


def test_a_person_without_a_face_is_refused(shards):
    with pytest.raises(ValueError, match="no face of nobody"):
        load_shelf(shards / "faces/train", labels={**LABELS, "nobody": 8})
