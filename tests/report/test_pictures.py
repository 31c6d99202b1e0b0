import json
import re

import numpy as np
import pytest

from tasks.evaluation.linear_head import Attributes
from tasks.evaluation.picture_readings import NO_FACE, Reading, stack_readings
from tasks.evaluation.picture_scores import make_pictures
from tasks.evaluation.picture_table import ROLES, PictureRow
from tasks.report.pictures.content import build_report
from tasks.report.render import write_report

NUM_ROWS = 130


def make_rows(labelled=True):
    genders = ["m", "f"] if labelled else [None]
    return [
        PictureRow(
            f"row {index}",
            f"person {index // 2}",
            {},
            {"gender": genders[index % len(genders)], "source": "avspeech" if index % 3 else "x"},
        )
        for index in range(NUM_ROWS)
    ]


def make_readings(seed, *, shared, noise, broken=()):
    generator = np.random.default_rng(seed)
    shape, feature = shared
    rows = [
        Reading(
            "",
            shape[index] + noise * generator.normal(size=(68, 2)).astype(np.float32),
            feature[index] + noise * generator.normal(size=128).astype(np.float32),
            "m" if index % 2 == 0 else "f",
            30.0 + index % 40,
        )
        for index in range(NUM_ROWS)
    ]
    for index in broken:
        rows[index] = Reading(NO_FACE)
    return stack_readings(rows)


@pytest.fixture(scope="module")
def readings():
    generator = np.random.default_rng(0)
    template = generator.uniform(60, 160, size=(68, 2))
    shape = template + generator.normal(scale=4, size=(NUM_ROWS, 68, 2))
    shared = shape.astype(np.float32), generator.normal(size=(NUM_ROWS, 128)).astype(np.float32)
    return {
        "original": make_readings(1, shared=shared, noise=0.1, broken=[3]),
        "from_face": make_readings(2, shared=shared, noise=0.1),
        "from_voice": make_readings(3, shared=shared, noise=3.0, broken=[5, 6]),
    }


def read_table(out, name):
    lines = (out / "tables" / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    return [dict(zip(names, line.split(","), strict=False)) for line in lines[1:]]


def test_report_has_all_its_parts_and_no_nan(readings, tmp_path):
    heads = {
        role: Attributes(reading.packaged.genders, reading.packaged.ages, ["white"] * NUM_ROWS)
        for role, reading in readings.items()
    }
    pictures = make_pictures(make_rows(), readings, heads)
    write_report(build_report(pictures, title="pairs.csv", head=None), tmp_path)
    text = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.csv"))
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"\b(nan|inf)\b", text, re.IGNORECASE)
    assert ">nan<" not in page.lower()
    assert [row["no_face"] for row in read_table(tmp_path, "missing")] == ["1", "0", "2"]
    assert "http" not in page.split("<main>")[1]
    metrics = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["no_face_from_voice"] == 2
    assert metrics["craniofacial_all_nasal_index_n"] == 128
    assert metrics["gender_agreement_packaged_from_voice"] == 1
    assert metrics["retrieval_from_face_cosine_absolute_R1"] == 1


def test_measures_are_those_of_the_rows(readings, tmp_path):
    pictures = make_pictures(make_rows(), readings, None)
    write_report(build_report(pictures, title="pairs.csv", head=None), tmp_path)
    row = next(
        row
        for row in read_table(tmp_path, "craniofacial")
        if row["rows"] == "all" and row["measure"] == "nose width"
    )
    first, second = (readings[role].landmarks for role in ("from_face", "from_voice"))
    left, right = (np.linalg.norm(faces[:, 31] - faces[:, 35], axis=1) for faces in (first, second))
    known = np.isfinite(right)
    assert float(row["ours"]) == pytest.approx(np.corrcoef(left[known], right[known])[0, 1])
    assert (row["pairs"], row["missing"], row["paper"]) == ("128", "2", "0.35")


@pytest.mark.parametrize("what", ["faceless", "unlabelled"])
def test_what_is_missing_is_said(readings, tmp_path, what):
    found, rows = dict(readings), make_rows(labelled=what != "unlabelled")
    if what == "faceless":
        found = dict.fromkeys(ROLES, stack_readings([Reading(NO_FACE)] * NUM_ROWS))
    write_report(
        build_report(make_pictures(rows, found, None), title="pairs.csv", head=None), tmp_path
    )
    if what == "faceless":
        first = read_table(tmp_path, "craniofacial")[0]
        assert (first["ours"], first["missing"]) == ("", str(NUM_ROWS))
        assert "0 pairs measured" in first["remark"]
    else:
        assert {row["remark"] for row in read_table(tmp_path, "accuracy")} == {"no labels"}
