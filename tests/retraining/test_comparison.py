from pathlib import Path

import numpy as np
import pytest

from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line, make_samples, write_lines, write_samples
from tasks.retraining.comparison import compare, decide, decide_first, is_lower_better

NUM_PEOPLE, PER_PERSON = 30, 10
PEOPLE = [f"p{number // PER_PERSON}" for number in range(NUM_PEOPLE * PER_PERSON)]
IDS = [f"s{number}" for number in range(len(PEOPLE))]
GUARDED = ("gender", "angle")


def write_evaluation(
    folder: Path, values: dict[str, np.ndarray], *, ids: list[str] = IDS, **score: float
) -> Path:
    """The headline is `matching`."""
    lines = [Line("headline", (), _score("matching", values["matching"], **score))]
    lines += [Line("guarded", (), _score(name, values[name])) for name in GUARDED]
    tables = [
        make_samples(name, sample_ids=ids, people=PEOPLE, values=value)
        for name, value in values.items()
    ]
    write_lines(folder, lines)
    write_samples(folder, tables)
    return folder


def _score(name: str, values: np.ndarray, **known: float) -> Score:
    return Score(name, float(values.mean()), len(values), NUM_PEOPLE, **known)


@pytest.fixture
def old() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {name: random.random(len(PEOPLE)) for name in ("matching", *GUARDED)}


def change(old: dict[str, np.ndarray], **by: float) -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    noise = {name: 0.1 * random.standard_normal(len(PEOPLE)) for name in old}
    return {name: values + by.get(name, 0.0) + noise[name] for name, values in old.items()}


def test_the_interval_is_that_of_a_paired_bootstrap_over_people(
    tmp_path: Path, old: dict[str, np.ndarray]
) -> None:
    new = change(old, matching=0.02)
    champion = write_evaluation(tmp_path / "old", old)
    first = next(compare(champion, write_evaluation(tmp_path / "new", new)))
    means = (new["matching"] - old["matching"]).reshape(NUM_PEOPLE, PER_PERSON).mean(axis=1)
    random = np.random.default_rng(7)
    draws = means[random.integers(NUM_PEOPLE, size=(20_000, NUM_PEOPLE))].mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    assert first.gain.value == pytest.approx(means.mean())
    assert (first.gain.low, first.gain.high) == pytest.approx((low, high), abs=0.002)
    assert first.gain.num_people == NUM_PEOPLE


@pytest.mark.parametrize(
    ("by", "promote", "word"),
    [
        ({"matching": 0.05}, True, "better beyond the interval"),
        ({"matching": 0.005}, False, "not better beyond the interval"),
        ({"matching": -0.05}, False, "not better"),
        ({"matching": 0.05, "gender": -0.05}, False, "worse on what is guarded: gender"),
        ({"matching": 0.05, "angle": 0.05}, False, "worse on what is guarded: angle"),
        ({"matching": 0.05, "angle": -0.05}, True, "better"),
    ],
)
def test_decisions(
    tmp_path: Path, old: dict[str, np.ndarray], by: dict[str, float], promote: bool, word: str
) -> None:
    champion = write_evaluation(tmp_path / "old", old)
    decision = decide(champion, write_evaluation(tmp_path / "new", change(old, **by)))
    assert decision.promote is promote
    assert word in decision.reason


def test_only_samples_of_both_count(tmp_path: Path, old: dict[str, np.ndarray]) -> None:
    champion = write_evaluation(tmp_path / "old", old)
    others = [*IDS[:200], *(f"other {number}" for number in range(len(IDS) - 200))]
    new = change(old, matching=0.05)
    first = next(compare(champion, write_evaluation(tmp_path / "new", new, ids=others)))
    assert first.gain.num_samples == 200
    assert first.champion == pytest.approx(old["matching"][:200].mean())
    strangers = write_evaluation(tmp_path / "x", new, ids=[f"x{n}" for n in range(len(IDS))])
    with pytest.raises(ValueError, match=r"matching: .* no test sample in common"):
        decide(champion, strangers)


@pytest.mark.parametrize(
    ("known", "promote"),
    [
        ({"low": 0.55, "high": 0.65, "chance": 0.5, "constant": 0.52}, True),
        ({"low": 0.55, "high": 0.65, "chance": 0.5, "constant": 0.56}, False),
        ({"low": 0.45, "high": 0.65, "chance": 0.5}, False),
        ({"low": 0.55, "high": 0.65}, False),
        ({"chance": 0.1}, False),
    ],
)
def test_the_first_model_must_beat_chance_and_a_constant(
    tmp_path: Path, old: dict[str, np.ndarray], known: dict[str, float], promote: bool
) -> None:
    assert decide_first(write_evaluation(tmp_path / "a", old, **known)).promote is promote


@pytest.mark.parametrize(
    ("name", "lower"),
    [("angle", True), ("feature L1", True), ("retrieval_rank", True), ("matching", False),
     ("recall at 10", False), ("ranking", False)],
)  # fmt: skip
def test_of_which_less_is_better(name: str, lower: bool) -> None:
    assert is_lower_better(name) is lower
