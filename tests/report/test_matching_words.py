"""What the report says follows from the intervals."""

import pytest

from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line
from tasks.report.matching.found import ALL, OF_GENDER, read_found
from tasks.report.matching.words import (
    check_gender_system,
    check_published_order,
    compute_gender_accuracy,
    describe_chance,
    describe_memory,
    describe_order,
)

PAPER = {
    "SVHF": (0.81, 0.652),
    "DIMNet-G": (0.729, 0.5032),
    "WEN": (0.7607, 0.5969),
    "gender oracle": (0.736, 0.5),
}


def make_score(value: float, *, half: float = 0.05, published: float | None = None) -> Score:
    return Score("m", value, 100, 30, value - half, value + half, chance=0.5, published=published)


def make_found(test: dict, *, train: dict | None = None, half: float = 0.05):
    """`test` and `train`: accuracies among all people and within gender, by system."""
    lines = []
    for split, values in (("test", test), ("train", train or test)):
        for name, pair in values.items():
            for stratum, value, paper in zip((ALL, OF_GENDER), pair, PAPER[name], strict=True):
                published = paper if split == "test" else None
                score = make_score(value, half=half, published=published)
                lines.append(Line("table_3", (name, "V→F", split, stratum), score))
    names = list(test)
    for place, one in enumerate(names):
        for two in names[place + 1 :]:
            for number, stratum in enumerate((ALL, OF_GENDER)):
                score = make_score(test[one][number] - test[two][number], half=half)
                lines.append(Line("differences", (one, two, stratum), score))
    return read_found(lines)


GOOD = {
    "SVHF": (0.60, 0.60),
    "DIMNet-G": (0.72, 0.51),
    "WEN": (0.71, 0.52),
    "gender oracle": (0.74, 0.5),
}


def test_only_what_the_interval_carries_is_an_order():
    text = describe_order(make_found(GOOD), stratum=ALL)
    assert "DIMNet-G 72.0 %, WEN 71.0 %, SVHF 60.0 %" in text
    assert "DIMNet-G and WEN cannot be told apart (+1.0 points" in text
    assert "WEN is ahead of SVHF (+11.0 points, 95 % from +6.0 to +16.0)" in text


def test_the_printed_order_holds_fails_or_stays_open():
    said = list(check_published_order(make_found(GOOD), stratum=ALL))
    assert "the other way round" in said[0]  # SVHF ahead of WEN
    assert "neither confirmed nor denied" in said[1]  # WEN ahead of DIMNet-G
    within = list(check_published_order(make_found(GOOD), stratum=OF_GENDER))
    assert "holds here" in within[0]


def test_chance_is_named_by_the_interval():
    text = describe_chance(make_found(GOOD), stratum=OF_GENDER)
    assert "above chance with the whole interval: SVHF" in text
    assert "not told from chance: WEN, DIMNet-G" in text


def test_memory_is_what_is_lost_on_strangers():
    seen = GOOD | {"WEN": (0.95, 0.93)}
    assert "WEN 93.0 % against 52.0 %" in describe_memory(make_found(GOOD, train=seen))
    assert "No system" in describe_memory(make_found(GOOD))


@pytest.mark.parametrize(
    ("gender", "is_good", "words"),
    [
        ((0.72, 0.51), True, "as it should be"),
        ((0.60, 0.51), False, "points off"),
        ((0.72, 0.60), False, "is not chance"),
    ],
)
def test_the_gender_system_must_be_an_oracle_of_gender_alone(gender, is_good, words):
    text, found = check_gender_system(make_found(GOOD | {"DIMNet-G": gender}))
    assert found is is_good
    assert words in text


@pytest.mark.parametrize(
    ("name", "expected"), [("SVHF", 0.987), ("DIMNet-G", 0.982), ("WEN", 0.944)]
)
def test_published_rows_imply_spec_s_gender_accuracies(name, expected):
    assert compute_gender_accuracy(*PAPER[name], mixed=0.472) == pytest.approx(expected, abs=1e-3)
