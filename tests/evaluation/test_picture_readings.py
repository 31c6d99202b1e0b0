import csv

import numpy as np
import pytest
from PIL import Image

from tasks.evaluation.packaged_classifier import is_installed
from tasks.evaluation.picture_readings import NO_FACE, read_face, read_faces


def test_pictures_without_a_face_are_counted(tmp_path):
    Image.new("RGB", (120, 100), (90, 120, 60)).save(tmp_path / "grass.png")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    found = read_faces([tmp_path / "grass.png", tmp_path / "broken.jpg"])
    assert found.reasons[0] == NO_FACE
    assert "not a picture" in found.reasons[1]
    assert found.num_missing == 2
    assert np.isnan(found.landmarks).all()
    assert found.features.shape == (2, 128)
    assert found.packaged.genders == [None, None]


def test_real_pictures(pairs_table):
    with pairs_table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["gender"]][:60:12]
    for row in rows:
        reading = read_face(pairs_table.parent / row["authors_f2f"])
        nose, chin = reading.landmarks[30], reading.landmarks[8]
        assert np.linalg.norm(nose - (112, 112)) < 25
        assert chin[1] > nose[1]
        assert np.linalg.norm(reading.feature) == pytest.approx(1.4, abs=0.2)
        assert reading.gender == (row["gender"] if is_installed() else None)


def test_landmarks_do_not_depend_on_the_pictures_size(pairs_table, tmp_path):
    path = next((pairs_table.parent / "authors_f2f").iterdir())
    with Image.open(path) as picture:
        picture.resize((448, 448), Image.Resampling.BICUBIC).save(tmp_path / "large.png")
    small, large = read_face(path), read_face(tmp_path / "large.png")
    assert np.abs(small.landmarks - large.landmarks).mean() < 1.5
