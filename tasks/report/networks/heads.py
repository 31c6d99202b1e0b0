"""How far the classifiers of gender, age and ethnicity can be trusted, as tables and in words."""

from collections.abc import Iterator, Sequence

from tasks.evaluation.head_names import DECODER_PICTURES, DRAWN_HEAD, HEADS, LABELLED
from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line, select_lines
from tasks.report.networks.page import Caution, Item
from tasks.report.scores import Row, build_score_table
from tasks.report.tables import Column, Table

TITLES = {
    HEADS: "The classifiers on people that the heads were not fitted on",
    LABELLED: "The classifiers on the faces that the heads were fitted on",
}
COLUMNS = (Column("attribute"), Column("pictures"), Column("classifier"))
NOTE = "Age: mean error in years. All else: shares from 0 to 1."


def show_heads(lines: Sequence[Line]) -> Iterator[Item]:
    """Both tables, and a warning of what a head cannot see in this decoder's pictures."""
    yield from (build_heads(lines, name) for name in TITLES if select_lines(lines, name))
    blind = list_blind(lines)
    if blind:
        yield Caution(
            f"{' and '.join(blind).capitalize()} cannot be read off this decoder’s pictures: even "
            "where it draws the true face of somebody unseen, the head cannot be told from one "
            "answer for all. What it says there of pictures from voices says nothing of the voice."
        )


def warn_of_gender(lines: Sequence[Line]) -> Iterator[Item]:
    """For the first screen, where the gender of pictures means nothing."""
    if "gender" in list_blind(lines):
        yield Caution(
            "Gender cannot be read off this decoder’s pictures, even where they are of the true "
            "face of somebody unseen: what is said of it here is no measure of the voice."
        )


def build_heads(lines: Sequence[Line], name: str) -> Table:
    rows: list[Row] = [(line.labels, line.score) for line in select_lines(lines, name)]
    return build_score_table(name, TITLES[name], COLUMNS, rows, kind="number", note=NOTE)


def list_blind(lines: Sequence[Line]) -> list[str]:
    """Attributes that the head of decoder pictures does not tell better than one answer for all."""
    found = {line.labels: line.score for line in select_lines(lines, HEADS)}
    return [
        attribute
        for (attribute, pictures, classifier), score in found.items()
        if (pictures, classifier) == (DECODER_PICTURES, DRAWN_HEAD)
        and not is_better(score, less_is_better=attribute == "age")
    ]


def is_better(score: Score, *, less_is_better: bool) -> bool:
    """The whole interval is on the good side of one answer for all; or nothing is known."""
    if score.value is None or score.low is None or score.high is None or score.constant is None:
        return True
    return score.high < score.constant if less_is_better else score.low > score.constant
