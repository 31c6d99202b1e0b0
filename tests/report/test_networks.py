"""The parts that the reports of networks share, on scores made up here."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tasks.evaluation.data_card import DataCard, GroupCount
from tasks.evaluation.scores import Score, make_missing
from tasks.report.networks.card import About, build_cards
from tasks.report.networks.curves import Curve, draw_curves, draw_losses
from tasks.report.networks.gallery import Row, draw_gallery
from tasks.report.networks.headline import build_headline, judge
from tasks.report.networks.page import Bullets, Caution, Doubt, Page, Section, build_page, words
from tasks.report.render import link_number, write_report
from tasks.report.tables import Column, Table
from tasks.training.weights import Card, save_tensors

SCORE = Score("matching", 0.76, 90, 9, 0.7, 0.82, 0.5, 0.55, 0.7607)
TABLE = Table("matching", "Table 3", (Column("a"), Column("b", "share")), (("x", 0.5),))
DATA = DataCard(
    ("voxceleb1",),
    (
        GroupCount("voices", "train", "all", "all", 50, 25),
        GroupCount("voices", "train", "gender", "f", 40, 21),
        GroupCount("voices", "train", "gender", "m", 10, 4),
    ),
    60,
    (("no_face", 10),),
)


def test_a_headline_says_how_good_and_how_sure() -> None:
    headline = build_headline("It wins {} of <trials>", SCORE, table="matching")
    assert headline.is_good
    assert headline.sentence == (
        "It wins 76.0 % of (95 % interval 70.0 % to 82.0 %; chance 50.0 %; one answer for "
        "everybody 55.0 %; the paper, on its own data 76.1 %; 90 samples of 9 people)."
    )
    assert "55.0 %" in headline.verdict  # the harder of the two baselines


@pytest.mark.parametrize(
    ("bounds", "higher", "start", "is_good"),
    [
        ((0.6, 0.8), True, "Better than knowing", True),
        ((0.4, 0.6), True, "This cannot be told", False),
        ((0.1, 0.2), True, "Worse than", False),
        ((0.1, 0.2), False, "Better than knowing", True),
        ((0.6, 0.8), False, "Worse than", False),
        ((None, None), True, "How sure that is cannot be said: 1 person", False),
    ],
)
def test_verdicts(
    bounds: tuple[float | None, float | None], higher: bool, start: str, is_good: bool
) -> None:
    score = Score("m", 0.5, 9, 9, *bounds, chance=0.5, reason="1 person")
    verdict, found = judge(score, higher_is_better=higher)
    assert verdict.startswith(start)
    assert found is is_good


def test_what_was_not_measured_is_said() -> None:
    headline = build_headline("It wins {}", make_missing("m", "one person only"), table="t")
    assert headline.sentence == "It wins …: not measured (one person only)."
    assert not headline.is_good


def test_a_page_holds_what_its_sections_hold(tmp_path: Path) -> None:
    figure = draw_curves(
        "over", "Over time", [Curve("a", [1, 2], [3, 4], [2, 3], [4, 5])],
        xlabel="x", ylabel="y", table="matching",
    )  # fmt: skip
    number = link_number(0.5, "matching", "share")
    items = (words("Half: {}", number), "<plain>", TABLE, (figure,), Doubt("?"), Caution("!"))
    headline = build_headline("It wins {}", SCORE, table="matching")
    page = Page("Net", headline, [Section("m", "Matching", (*items, Bullets(("one",))))])
    html = write_report(build_page(page, metrics={"m": 1}), tmp_path).read_text()
    assert 'Half: <a class="num" href="tables/matching.csv">50.0 %</a>' in html
    assert "&lt;plain&gt;" in html
    assert re.findall(r'<a href="#(\w+)">(\w+)</a>', html) == [("m", "Matching")]
    assert (tmp_path / "figures/over.png").read_bytes()[:4] == b"\x89PNG"
    (row,) = csv.DictReader((tmp_path / "tables/headline.csv").open())
    assert (row["ours"], row["low"], row["is_good"]) == ("0.76", "0.7", "yes")


def test_two_tables_of_one_name_are_refused() -> None:
    headline = build_headline("It wins {}", SCORE, table="matching")
    sections = [Section("a", "A", (TABLE,)), Section("b", "B", (TABLE,))]
    with pytest.raises(ValueError, match="two tables of one name"):
        build_page(Page("Net", headline, sections), metrics={})


def test_a_gallery_shows_each_picture_in_its_place() -> None:
    red, blue = (np.full((64, 64, 3), colour, np.uint8) for colour in ((255, 0, 0), (0, 0, 255)))
    rows = [Row("", [red, None], ["a", "b"]), Row("", [blue, red], ["c", "d"])]
    figure = draw_gallery("g", "G", rows, table="t", cell=40)
    sheet = Image.open(io.BytesIO(figure.png)).convert("RGB")
    # Cells of 40 px with gaps of 6, drawn twice as large; a caption of 17 px below each row.
    assert sheet.size == (2 * 86, 2 * 126)
    centres = [(40, 40), (132, 40), (40, 166), (132, 166)]
    found = [sheet.getpixel(centre) for centre in centres]
    assert found == [(255, 0, 0), (255, 255, 255), (0, 0, 255), (255, 0, 0)]
    assert figure.png == draw_gallery("g", "G", rows, table="t", cell=40).png


def test_losses_are_drawn_from_the_runs_log(tmp_path: Path) -> None:
    folder = tmp_path / "gan"
    assert draw_losses(folder, {"Loss": ["loss"]}) == ((), {})
    folder.mkdir()
    (folder / "log.csv").write_text("step,rate,loss\n10,0.1,2.5\n20,0.1,1.25\n")
    figures, logs = draw_losses(folder, {"Loss": ["loss"], "Absent": ["other"]})
    assert [figure.name for figure in figures] == ["log_gan_1"]
    assert logs == {"log_gan": (("step", "rate", "loss"), [(10, 0.1, 2.5), (20, 0.1, 1.25)])}
    (folder / "log.csv").write_text("step,loss\n10,abc\n")
    with pytest.raises(ValueError, match=r"log\.csv: line 2: loss is 'abc'"):
        draw_losses(folder, {"Loss": ["loss"]})


def test_cards_say_who_was_trained_on_and_what_it_is_not_for(tmp_path: Path) -> None:
    card = Card("models.x.Y", {}, data={"voices/train": "a" * 64}, notes=("its note",))
    save_tensors(tmp_path / "gan/generator", {}, card)
    model, data = build_cards({"gan": tmp_path / "gan"}, DATA, about=About("draws."))
    text = " ".join(map(str, [*model.items, *data.items]))
    for words_of_it in ("gan: its note", "cannot identify anyone", "voices, gender: m (4)"):
        assert words_of_it in text
    assert "f (21)" not in text
    (people,) = [t for t in data.items if isinstance(t, Table) and t.name == "people"]
    assert people.rows[2] == ("voices", "gender", "m", 10, 4, 0, 0, 0, 0)
    assert not any(isinstance(item, Caution) for item in data.items)  # real people: no caution
