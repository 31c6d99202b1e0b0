from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from tasks.sample.people import (
    AgeGroup,
    Attributes,
    Gender,
    Person,
    compute_head_age,
    draw_person,
    draw_voice,
)

PEOPLE = [draw_person(seed) for seed in range(1000)]
ETHNICITIES = [person.ethnicity for person in PEOPLE]


def count(values: list[str]) -> np.ndarray:
    """Contingency table of ethnicity by the given values."""
    rows, columns = sorted(set(ETHNICITIES)), sorted(set(values))
    pairs = list(zip(ETHNICITIES, values, strict=True))
    return np.array([[pairs.count((row, column)) for column in columns] for row in rows])


def test_a_seed_is_a_person() -> None:
    assert [draw_person(seed) for seed in range(20)] == PEOPLE[:20]
    assert len({person.identity for person in PEOPLE}) == len(PEOPLE)


@pytest.mark.parametrize(
    "attribute",
    [
        lambda person: person.attributes.gender,
        lambda person: person.attributes.age_group,
        lambda person: str(person.attributes.size > 0),
        lambda person: str(person.attributes.heft > 0),
        lambda person: str(person.voice.f0_scale > 0.9),
        lambda person: str(person.voice.formant_scale > 0.97),
        lambda person: str(person.voice.prosody_scale > 0.95),
    ],
)
def test_ethnicity_is_independent_of_the_voice(attribute: Callable[[Person], str]) -> None:
    assert stats.chi2_contingency(count([attribute(person) for person in PEOPLE])).pvalue > 0.01


def test_the_voice_is_drawn_without_the_ethnicity() -> None:
    person = PEOPLE[0]
    rng = np.random.default_rng((0, 1))
    assert draw_voice(person.attributes, rng) == person.voice


def test_voice_and_face_share_size_and_heft() -> None:
    adults = [p for p in PEOPLE if p.attributes.age_group is AgeGroup.adult]
    men = [p for p in adults if p.attributes.gender is Gender.male]
    formants = [p.voice.formant_scale for p in men]
    chins = [dict(p.face.local)["chin-width-incr"] for p in men]
    tilts = [p.voice.tilt_db_per_octave for p in men]
    weights = [p.face.weight for p in men]
    assert stats.spearmanr(formants, chins).statistic < -0.9
    assert stats.spearmanr(tilts, weights).statistic > 0.8


def test_men_women_and_children_differ_in_pitch() -> None:
    def draw(gender: Gender, group: AgeGroup, age: int) -> float:
        about = Attributes(gender, group, age, size=0.0, heft=0.0)
        return draw_voice(about, np.random.default_rng(0)).f0_scale

    man = draw(Gender.male, AgeGroup.adult, 30)
    woman = draw(Gender.female, AgeGroup.adult, 30)
    child = draw(Gender.male, AgeGroup.child, 9)
    assert man < 0.7 * woman < woman < child


@pytest.mark.parametrize(("years", "scale"), [(10, 1 / 3), (25, 2 / 3), (57.5, 5 / 6), (90, 1)])
def test_head_age(years: float, scale: float) -> None:
    assert compute_head_age(years) == pytest.approx(scale)
