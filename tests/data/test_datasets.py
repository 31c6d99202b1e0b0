from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tasks.data.datasets import build_faces_dataset, build_pairs_dataset, build_voices_dataset
from tasks.data.streams import Stream, open_batches

LABELS = {"person0": 0, "person2": 1}


def test_pairs_come_as_tensors(pairs: Path, make: Any) -> None:
    columns = ["clip_id", "spectrogram", "face_feature", "landmarks", "face"]
    dataset = build_pairs_dataset(pairs, Stream(4, seed=0), columns=columns, dimension=5)
    batch = next(open_batches(dataset))
    row = int(batch["clip_id"][2].removeprefix("clip"))
    assert batch["spectrogram"].dtype == torch.float16
    np.testing.assert_array_equal(batch["spectrogram"][2], make["spectrogram"](row))
    np.testing.assert_array_equal(batch["face"][2], make["face"](row, 224))
    assert batch["face_feature"][2].tolist() == [float(row)] * 5
    assert batch["landmarks"].shape == (4, 136)


def test_pairs_of_another_width_are_refused(pairs: Path) -> None:
    with pytest.raises(ValueError, match="the network has 128"):
        build_pairs_dataset(pairs, Stream(4, seed=0), dimension=128)


def test_voices_are_normalised_crops_of_labelled_people(voices: Path, make: Any) -> None:
    dataset = build_voices_dataset(voices, Stream(4, seed=0), labels=LABELS)
    assert dataset.num_rows == sum(row % 7 != 6 and row % 3 != 1 for row in range(21))
    batch = next(open_batches(dataset))
    rows = dataset.compute_rows(0).tolist()
    assert batch["label"].tolist() == [LABELS[f"person{row % 3}"] for row in rows]
    for row, crop in zip(rows, batch["logmel"], strict=True):
        logmel = make["logmel"](row).astype(np.float64)
        logmel = (logmel - logmel.mean(0)) / logmel.std(0)
        tiled = np.resize(logmel, (max(1000, len(logmel)), 64))
        starts = range(len(tiled) - crop.shape[1] + 1)
        size = crop.shape[1]
        assert any(np.abs(tiled[s : s + size] - crop.T.numpy()).max() < 1e-3 for s in starts)


def test_faces_are_mirrored_or_not(faces: Path, make: Any) -> None:
    dataset = build_faces_dataset(faces, Stream(6, seed=0), labels=LABELS)
    batch = next(open_batches(dataset))
    for row, face in zip(dataset.compute_rows(0).tolist(), batch["face"].numpy(), strict=True):
        made = make["face"](row)
        assert np.array_equal(face, made) or np.array_equal(face, made[:, ::-1])


def test_augmentation_is_the_same_for_any_number_of_workers(voices: Path) -> None:
    dataset = build_voices_dataset(voices, Stream(4, seed=0), labels=LABELS)
    alone, helped = open_batches(dataset, start=2), open_batches(dataset, start=2, num_workers=2)
    for _ in range(3):
        a, b = next(alone), next(helped)
        assert torch.equal(a["logmel"], b["logmel"])
        assert torch.equal(a["label"], b["label"])
