"""What is said of classifiers that cannot read a decoder's pictures."""

import pytest

from tasks.evaluation.head_names import (
    DECODER_PICTURES,
    DRAWN_HEAD,
    HEADS,
    LABELLED,
    OWN_HEAD,
    OWN_PICTURES,
)
from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line
from tasks.report.networks.heads import list_blind, show_heads, warn_of_gender
from tasks.report.networks.page import Caution
from tasks.report.tables import Table


def make_line(attribute: str, low: float, high: float, *, constant: float = 0.5) -> Line:
    score = Score(attribute, (low + high) / 2, 9, 9, low, high, constant=constant)
    return Line(HEADS, (attribute, DECODER_PICTURES, DRAWN_HEAD), score)


@pytest.mark.parametrize(
    ("line", "blind"),
    [
        (make_line("gender", 0.4, 0.7), ["gender"]),
        (make_line("gender", 0.6, 0.9), []),
        (make_line("age", 8, 12, constant=19), []),
        (make_line("age", 18, 22, constant=19), ["age"]),
    ],
)
def test_a_head_that_tells_no_more_than_one_answer_is_blind(line: Line, blind: list[str]) -> None:
    assert list_blind([line]) == blind


def test_both_tables_and_the_warning_are_shown() -> None:
    own = Line(
        LABELLED, ("gender", OWN_PICTURES, OWN_HEAD), Score("gender", 0.9, 9, 9, 0.8, 1.0, 0.5)
    )
    items = list(show_heads([make_line("gender", 0.4, 0.7), own]))
    assert [item.name for item in items if isinstance(item, Table)] == [HEADS, LABELLED]
    (caution,) = [item for item in items if isinstance(item, Caution)]
    assert caution.text.startswith("Gender cannot be read")
    assert not [item for item in show_heads([own]) if isinstance(item, Caution)]


def test_the_first_screen_warns_of_gender_alone() -> None:
    assert len([*warn_of_gender([make_line("gender", 0.4, 0.7)])]) == 1
    assert not [*warn_of_gender([make_line("gender", 0.6, 0.9), make_line("age", 18, 22)])]
