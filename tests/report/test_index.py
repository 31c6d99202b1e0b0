"""The index names every report that is there, with what its own tables say."""

import json
from pathlib import Path

import pytest

from tasks.evaluation.scores import Score
from tasks.report.index.entries import list_entries
from tasks.report.networks.headline import build_headline
from tasks.report.networks.page import Page, build_page
from tasks.report.render import write_report
from tasks.report_index import write_index


def write_network_report(folder: Path, value: float) -> None:
    score = Score("matching", value, 90, 9, value - 0.05, value + 0.05, 0.5)
    headline = build_headline("It wins {} of trials", score, table="headline")
    write_report(build_page(Page("Net", headline, []), metrics={}), folder)


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    write_network_report(tmp_path / "voice2face", 0.75)
    write_network_report(tmp_path / "variants/ar_spm", 0.5)
    dataset = tmp_path / "dataset"
    dataset.mkdir()
    (dataset / "index.html").write_text("page")
    values = {
        "clips_kept": 3,
        "clips_listed": 4,
        "clips_kept_share": 0.75,
        "people": 2,
        "speech_h": 0.5,
        "leaks_identity": 0,
        "leaks_video_id": 0,
    }
    (dataset / "metrics.json").write_text(json.dumps(values))
    run = tmp_path / "recorded/a_run"
    run.mkdir(parents=True)
    (run / "README.md").write_text("# A `run`\n\nOf *pictures*\nmeasured.\n\nMore.\n")
    return tmp_path


def test_every_report_is_linked(reports: Path) -> None:
    entries = {entry.link: entry for entry in list_entries(reports)}
    assert list(entries) == [
        "dataset/index.html",
        "voice2face/index.html",
        "variants/ar_spm/index.html",
        "recorded/a_run/README.md",
    ]
    assert entries["dataset/index.html"].sentence.startswith("3 of 4 listed clips (75.0 %) of 2 ")
    assert "with 30 minutes" in entries["dataset/index.html"].sentence
    assert entries["voice2face/index.html"].sentence.startswith("It wins 75.0 % of trials")
    assert entries["voice2face/index.html"].is_good
    assert not entries["variants/ar_spm/index.html"].is_good
    assert entries["variants/ar_spm/index.html"].title.startswith("Variants")
    assert entries["recorded/a_run/README.md"].sentence == "Of pictures measured."


def test_the_page_stands_beside_the_reports(reports: Path) -> None:
    write_index.fn(reports, reports / "index.html")
    html = (reports / "index.html").read_text()
    for entry in list_entries(reports):
        assert f'href="{entry.link}"' in html
        assert f'href="#{entry.name}"' in html


def test_no_reports_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no reports yet"):
        list_entries(tmp_path)
