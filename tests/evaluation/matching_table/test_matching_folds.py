"""Folds: every person is a stranger once, and nobody is on both sides."""

from pathlib import Path

import numpy as np
import pytest

from tasks.data.readers import read_column, read_index
from tasks.evaluation.matching import Items, compare_vectors
from tasks.evaluation.matching_table.folds import (
    assign_folds,
    join_people,
    join_systems,
    write_fold,
)
from tasks.evaluation.matching_table.ridge import fit_ridge
from tasks.evaluation.matching_table.rounds import People, draw_round
from tasks.evaluation.matching_table.systems import Embedded, Judge, System
from tests.training_corpus import write_training_shards


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_training_shards(tmp_path_factory.mktemp("folds") / "shards")


def read_names(folder: Path) -> set[str]:
    return set(read_column(read_index(folder), "identity").tolist())


def test_everybody_is_held_out_once(shards, tmp_path):
    folds = assign_folds(shards / "voices", num_folds=3, seed=0)
    assert len(folds) == 16  # 8 train, 4 val, 4 test
    of_test = assign_folds(shards / "voices", num_folds=2, seed=0, splits=["test"])
    assert set(of_test) == read_names(shards / "voices/test")
    seen = set()
    for number in range(3):
        held_out = sorted(name for name, fold in folds.items() if fold == number)
        write_fold(shards, tmp_path / str(number), held_out=held_out)
        for data_set in ("voices", "faces", "pairs"):
            test = read_names(tmp_path / str(number) / data_set / "test")
            train = read_names(tmp_path / str(number) / data_set / "train")
            assert test == set(held_out)
            assert not test & train
            assert test | train == set(folds)
        seen |= set(held_out)
        men = sum(int(name[-4:]) % 2 == 0 for name in held_out)
        assert abs(2 * men - len(held_out)) <= 2
    assert seen == set(folds)


def test_too_few_people_are_refused(shards):
    with pytest.raises(ValueError, match="16 people of known gender for 9 folds"):
        assign_folds(shards / "voices", num_folds=9, seed=0)


def test_the_linear_reference_finds_a_tone(shards, tmp_path):
    held_out = sorted(read_names(shards / "voices/test"))
    write_fold(shards, tmp_path, held_out=held_out)
    judge = fit_ridge(tmp_path).judges["V→F"]
    assert set(judge.voices.names) == set(judge.faces.names)
    found = draw_round(
        make_people(judge.voices.names, judge.faces.names), "V→F", "U", num_per_probe=20
    )
    assert judge.win(found.trials, "V→F").mean() > 0.6


def make_people(voices: list[str], faces: list[str]) -> People:
    """A clip's person is the first part of its name."""
    items = [Items(names, [name[:7] for name in names]) for names in (voices, faces)]
    people = {name: "mf"[int(name[-1]) % 2] for name in items[0].people}
    return People("test", *items, dict(people), dict.fromkeys(people))


def test_folds_are_decided_apart_and_never_meet():
    random = np.random.default_rng(0)
    parts, systems = [], []
    for fold, count in enumerate((4, 6)):
        names = [f"vid{fold}{number:03d}-{take}" for number in range(count) for take in range(2)]
        people = make_people(names, names)
        judge = Judge(
            *(Embedded(names, random.normal(size=(len(names), 3)).astype("f4")) for _ in "vf")
        )
        parts.append(people)
        systems.append([System("a", {"V→F": judge, "F→V": judge})])
    joined, (system,) = join_people(parts), join_systems(systems)
    found = draw_round(joined, "F→V", "U", num_per_probe=6)
    judge = system.judges["F→V"]
    for probe, other in zip(found.trials.probes, found.trials.others[:, 0], strict=True):
        owners = joined.faces.people[probe], joined.voices.people[other]
        assert owners[0] != owners[1]
        assert owners[0][:4] == owners[1][:4]  # of one fold
    whole = compare_vectors(
        found.trials, probes=judge.faces.vectors, candidates=judge.voices.vectors
    )
    np.testing.assert_array_equal(judge.win(found.trials, "F→V"), whole)
