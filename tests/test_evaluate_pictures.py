import csv
import json
import sys

import pytest
from PIL import Image

from flows import evaluate_pictures as command
from tasks.evaluate_pictures import PictureSource, evaluate_pictures


@pytest.fixture
def table(tmp_path):
    """Three pictures of grass."""
    Image.new("RGB", (90, 90), (90, 120, 60)).save(tmp_path / "grass.png")
    path = tmp_path / "pairs.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["id", "own", "f2f", "s2f"], ["-a", *["grass.png"] * 3]])
    return path


def test_pictures_without_faces_give_a_report_that_says_so(table, tmp_path):
    source = PictureSource(table, "own", "f2f", "s2f")
    page = evaluate_pictures(source, tmp_path / "report", num_workers=1)
    assert page.is_file()
    metrics = json.loads((tmp_path / "report/metrics.json").read_text(encoding="utf-8"))
    assert metrics["no_face_from_voice"] == 1
    assert metrics["craniofacial_all_nose_width_n"] == 0
    assert "craniofacial_all_nose_width" not in metrics


def test_bad_input_is_one_message(table, tmp_path, monkeypatch, caplog):
    given = ["--table", str(table), "--original", "own", "--from-face", "f2f"]
    given += ["--from-voice", "voice", "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["evaluate_pictures", *given])
    assert command.main() == 1
    assert "pairs.csv: line 1: no column voice" in caplog.text
    assert not (tmp_path / "out").exists()


def test_a_folder_without_labels_is_refused(table, tmp_path):
    source = PictureSource(table, "own", "f2f", "s2f", tmp_path)
    with pytest.raises(ValueError, match="no labelled faces"):
        evaluate_pictures(source, tmp_path / "report", num_workers=1)
