"""Flows' parameters as a command line's."""

from pathlib import Path
from typing import Literal

import pytest
from prefect import flow

from flows._command import _make_parser, drop_none


@flow
def paint(voice: Path, out: Path, colour: Literal["red", "blue"] | None = None) -> None:
    """Paints."""


def test_an_option_that_may_be_left_out_has_the_type_of_its_values() -> None:
    found = _make_parser(paint).parse_args(["a", "--colour", "red", "b"])
    assert vars(found) == {"voice": Path("a"), "out": Path("b"), "colour": "red"}
    assert _make_parser(paint).parse_args(["a", "b"]).colour is None


def test_a_value_that_is_no_choice_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _make_parser(paint).parse_args(["a", "b", "--colour", "green"])
    assert "invalid choice: 'green'" in capsys.readouterr().err


def test_none_is_dropped_from_unions_alone() -> None:
    assert drop_none(Path | None) is Path
    assert drop_none(int) is int
    assert drop_none(Literal["red"]) == Literal["red"]
