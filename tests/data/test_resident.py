from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tasks.data.augment import Share
from tasks.data.resident import (
    build_shared_labels,
    compute_resident_rows,
    load_faces,
    load_voices,
    sample_faces,
    sample_voices,
)

LABELS = {"person0": 0, "person2": 1}
KNOWN = [row for row in range(21) if row % 7 != 6 and row % 3 != 1]


def test_voices_lie_end_to_end(voices: Path, make: Any) -> None:
    resident = load_voices(voices, labels=LABELS, device="cpu")
    assert resident.num_frames.tolist() == [len(make["logmel"](row)) for row in KNOWN]
    assert resident.labels.tolist() == [LABELS[f"person{row % 3}"] for row in KNOWN]
    for place, row in enumerate(KNOWN):
        logmel = make["logmel"](row).astype(np.float64)
        first = int(resident.firsts[place])
        found = resident.frames[first : first + len(logmel)].double().numpy()
        np.testing.assert_allclose(found, (logmel - logmel.mean(0)) / logmel.std(0), atol=4e-3)


def test_sampled_voices_are_their_own_frames(voices: Path) -> None:
    resident = load_voices(voices, labels=LABELS, device="cpu")
    rows = torch.tensor([3, 0, 5])
    random = torch.Generator().manual_seed(0)
    crops, labels = sample_voices(resident, rows, random=random, share=Share(0, 3, 3))
    assert torch.equal(labels, resident.labels[rows])
    for row, crop in zip(rows.tolist(), crops, strict=True):
        first, length = int(resident.firsts[row]), int(resident.num_frames[row])
        own = {tuple(frame) for frame in resident.frames[first : first + length].tolist()}
        assert {tuple(frame) for frame in crop.T.tolist()} <= own


def test_sampled_faces_are_scaled(faces: Path, make: Any) -> None:
    resident = load_faces(faces, labels=LABELS, device="cpu", wanted=np.arange(14) != 0)
    random = torch.Generator().manual_seed(0)
    pictures, labels = sample_faces(
        resident, torch.tensor([0]), random=random, share=Share(0, 1, 1)
    )
    made = (make["face"](2).astype(np.float32) - 127.5) / 127.5  # rows 0 and 1 are not wanted
    found = pictures[0].permute(1, 2, 0).numpy()
    assert labels.tolist() == [1]
    assert min(np.abs(found - m).max() for m in (made, made[:, ::-1])) < 1e-6


def test_people_need_both_voice_and_face(voices: Path, faces: Path) -> None:
    assert build_shared_labels(voices, faces) == {f"person{i}": i for i in range(3)}
    with pytest.raises(ValueError, match="3 identities, at least 4"):
        build_shared_labels(voices, faces, minimum=4)


def test_nobody_to_train_on_is_refused(voices: Path) -> None:
    with pytest.raises(ValueError, match="no row is of a person to train on"):
        load_voices(voices, labels={"stranger": 0}, device="cpu")


def test_epochs_are_permutations_without_their_rest() -> None:
    share = Share(0, 4, 4)
    rows = [compute_resident_rows(10, step, seed=5, share=share).tolist() for step in range(4)]
    for epoch in (rows[0] + rows[1], rows[2] + rows[3]):
        assert len(set(epoch)) == 8
    assert rows[:2] != rows[2:]
    halves = [compute_resident_rows(10, 1, seed=5, share=Share(f, 2, 4)) for f in (0, 2)]
    assert torch.cat(halves).tolist() == rows[1]
    with pytest.raises(ValueError, match="3 rows for a batch of 4"):
        compute_resident_rows(3, 0, seed=5, share=share)
