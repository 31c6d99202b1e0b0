"""The leak test's verdict, with and without a leak, and where it cannot say anything."""

import pytest

from tasks.evaluation.scores import Score, make_missing
from tasks.evaluation.store import Line
from tasks.report.networks.leaks import judge_leaks
from tasks.report.networks.page import Caution

TOLD, NOT_TOLD = (0.8, 0.95), (0.3, 0.6)


def make_line(attribute: str, bounds: tuple[float, float] | None) -> Line:
    score = make_missing("leak", "no labels")
    if bounds is not None:
        score = Score("leak", sum(bounds) / 2, 9, 9, *bounds, chance=0.4, constant=0.5)
    return Line("leaks", (attribute, "a head"), score)


@pytest.mark.parametrize(
    ("ethnicity", "gender", "starts"),
    [
        (NOT_TOLD, TOLD, ["Ethnicity is at chance"]),
        (TOLD, TOLD, ["Ethnicity comes out above chance (a head)"]),
        (NOT_TOLD, NOT_TOLD, ["Ethnicity is at chance", "Gender, the control, does not"]),
        ((0.45, 0.6), TOLD, ["Ethnicity is at chance"]),  # above chance, not above one answer
        (None, TOLD, ["No ethnicity is known"]),
    ],
)
def test_the_verdict(
    ethnicity: tuple[float, float] | None, gender: tuple[float, float], starts: list[str]
) -> None:
    items = list(judge_leaks([make_line("ethnicity", ethnicity), make_line("gender", gender)]))
    texts = [item.text if isinstance(item, Caution) else str(item) for item in items]
    assert len(texts) == len(starts)
    assert all(text.startswith(start) for text, start in zip(texts, starts, strict=True))
