import json
import re
from collections import Counter
from pathlib import Path

import pytest

from tasks.params import CorpusParams, Params
from tasks.report_dataset import write_dataset_report
from tests.fake_corpus import FakeClip, make_clips, write_fake_corpus

SAMPLE = Params(corpus=CorpusParams(source="sample", watch=Path("tasks/sample")))
FOLDER = Params(
    corpus=CorpusParams(source="folder", watch=Path(), path=Path("x"), licence="<b>mine")
)


def make_report(folder: Path, clips: list[FakeClip], params: Params) -> Path:
    write_fake_corpus(folder / "data", clips)
    write_dataset_report.fn(folder / "data", folder / "out", params)
    return folder / "out"


def read_files(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_same_data_gives_the_same_bytes(tmp_path: Path) -> None:
    first = make_report(tmp_path / "a", make_clips(120), SAMPLE)
    second = make_report(tmp_path / "b", make_clips(120), SAMPLE)
    assert read_files(first) == read_files(second)
    assert b"alert('x')" not in (first / "index.html").read_bytes()
    assert b"\\mathdefault" not in (first / "index.html").read_bytes()


def test_metrics_are_flat_and_true(tmp_path: Path) -> None:
    clips = make_clips(120, leak=True)
    out = make_report(tmp_path, clips, SAMPLE)
    metrics = json.loads((out / "metrics.json").read_text())
    assert all(isinstance(value, int | float) for value in metrics.values())
    kept = [item for item in clips if item.loss is None]
    assert metrics["clips_listed"] == 120
    assert metrics["clips_kept"] == len(kept)
    splits = Counter(item.split for item in clips if item.flags["pairs"])
    assert metrics["pairs_train"] == splits["train"]
    assert metrics["leaks_identity"] == 1
    assert metrics["speech_h"] == pytest.approx(
        sum(item.speech_s for item in clips if item.flags["voices"]) / 3600, abs=1e-5
    )
    assert (out / "tables" / "rejected.csv").read_text().count("\n") == 121 - len(kept)


def test_faces_of_real_people_are_not_shown(tmp_path: Path) -> None:
    out = make_report(tmp_path, make_clips(40, source="folder"), FOLDER)
    assert not (out / "figures" / "faces.png").exists()
    page = (out / "index.html").read_text()
    assert "&lt;b&gt;mine" in page
    assert "Drawn people only" not in page


def test_a_data_set_of_nothing_is_reported_too(tmp_path: Path) -> None:
    lost = [item for item in make_clips(60) if item.loss]
    out = make_report(tmp_path, lost, SAMPLE)
    metrics = json.loads((out / "metrics.json").read_text())
    assert (metrics["clips_kept"], metrics["pairs_train"]) == (0, 0)
    text = re.sub(r"<[^>]*>", " ", (out / "index.html").read_text())
    assert not re.search(r"\b(nan|inf|None)\b", text)
