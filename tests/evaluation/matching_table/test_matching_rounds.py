"""Rounds, judges and pairs against plain loops."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from models.svhf import Svhf
from tasks.evaluation.matching import Items
from tasks.evaluation.matching_table.comparison import compare_systems, count_mixed_pairs
from tasks.evaluation.matching_table.measure import ORACLE_NAME, Found, measure_split
from tasks.evaluation.matching_table.pairs import score_retrieval
from tasks.evaluation.matching_table.rounds import People, draw_round
from tasks.evaluation.matching_table.systems import Embedded, Judge, System, find_common
from tasks.evaluation.voice2face.corpus import Labelled
from tasks.evaluation.voice2face.matching import draw_contest, write_contest
from tasks.params import MatchingEvaluationParams
from tasks.training.svhf import compute_preferences

NAMES = [f"p{number}" for number in range(12)]
GENDER = {name: "mf"[number % 2] for number, name in enumerate(NAMES)}
NATION = {name: ["x", "y", None][number % 3] for number, name in enumerate(NAMES)}
PARAMS = MatchingEvaluationParams(6, 40, [2, 4, 50], 3)


def make_items(prefix: str, each: int) -> Items:
    pairs = list(product(NAMES, range(each)))
    return Items([f"{prefix}{name}-{take}" for name, take in pairs], [name for name, _ in pairs])


@pytest.fixture
def people() -> People:
    return People("test", make_items("v", 3), make_items("f", 2), dict(GENDER), dict(NATION))


def make_judge(people: People, *, seed: int, network: Svhf | None = None, dim: int = 4) -> Judge:
    random = np.random.default_rng(seed)
    parts = [
        Embedded(items.names, random.normal(size=(len(items.names), dim)).astype(np.float32))
        for items in (people.voices, people.faces)
    ]
    return Judge(*parts, network)


def make_gender_judge(people: People) -> Judge:
    """Knows genders and nothing else, but never ties."""
    parts = []
    for place, items in enumerate((people.voices, people.faces)):
        noise = np.random.default_rng(place).normal(size=(len(items.names), 2))
        axis = np.array([[1.0, 0.0] if GENDER[p] == "m" else [-1.0, 0.0] for p in items.people])
        parts.append(Embedded(items.names, (axis + 1e-3 * noise).astype(np.float32)))
    return Judge(*parts)


@pytest.mark.parametrize(
    ("stratum", "labels"), [("G", [GENDER]), ("N", [NATION]), ("GN", [GENDER, NATION])]
)
def test_impostors_are_of_the_stratum(people, stratum, labels):
    found = draw_round(people, "F→V", stratum, num_per_probe=5)
    for probe, other in zip(found.trials.probes, found.trials.others[:, 0], strict=True):
        one, two = people.faces.people[probe], people.voices.people[other]
        assert one != two
        assert all(label[one] == label[two] is not None for label in labels)


def test_the_oracle_is_chance_where_genders_are_unknown(people):
    nobody = People("test", people.voices, people.faces, dict.fromkeys(NAMES), dict(NATION))
    assert (draw_round(nobody, "V→F", "U", num_per_probe=2).ask_oracle() == 0.5).all()
    trials = draw_round(people, "V→F", "U", num_per_probe=9)
    mixed = [
        GENDER[people.voices.people[a]] != GENDER[people.faces.people[b]]
        for a, b in zip(trials.trials.probes, trials.trials.others[:, 0], strict=True)
    ]
    np.testing.assert_allclose(trials.ask_oracle(), np.where(mixed, 1.0, 0.5))


@pytest.mark.parametrize(("stratum", "key"), [("U", "all"), ("G", "gender")])
def test_the_report_on_wen_has_the_same_lists(people, tmp_path, stratum, key):
    """Though it knows two more faces, of somebody without a voice."""
    draw_round(people, "V→F", stratum, num_per_probe=5, seed=3).write(tmp_path)
    more = Items(["f-x", *people.faces.names, "f-y"], ["a", *people.faces.people, "a"])
    voices, faces = (
        Labelled(items, {"gender": [GENDER.get(name, "m") for name in items.people]})
        for items in (people.voices, more)
    )
    contest = draw_contest("test", stratum, voices=voices, faces=faces, num_per_probe=5, seed=3)
    write_contest(contest, tmp_path)
    lists = [tmp_path / f"trials_test_{key}.csv", tmp_path / f"trials/v2f_test_{stratum}.csv"]
    assert lists[0].read_bytes() == lists[1].read_bytes()


def test_no_more_trials_than_wanted(people):
    whole = draw_round(people, "V→F", "U", num_per_probe=9)
    part = draw_round(people, "V→F", "U", num_per_probe=9, max_trials=50)
    rows = {tuple(row) for row in np.column_stack([whole.trials.probes, whole.trials.true])}
    assert len(part.trials) == 50
    assert {tuple(row) for row in np.column_stack([part.trials.probes, part.trials.true])} <= rows


def test_a_network_that_compares_two_ranks_more_by_sums_of_margins(people):
    torch.manual_seed(0)
    network = Svhf(width=0.02).eval()
    dim = network.head[0].in_features // 3
    judge = make_judge(people, seed=1, network=network, dim=dim)
    found = draw_round(people, "V→F", "U", num_per_probe=1, size=4)
    won = judge.win(found.trials, "V→F")
    voices, faces = torch.from_numpy(judge.voices.vectors), torch.from_numpy(judge.faces.vectors)
    for row, probe in enumerate(found.trials.probes):
        chosen = [found.trials.true[row], *found.trials.others[row]]
        sums = [
            sum(
                float(compute_preferences(network, voices[[probe]], faces[[one]], faces[[two]]))
                for two in chosen
                if two != one
            )
            for one in chosen
        ]
        assert won[row] == float(np.argmax(sums) == 0)


def test_common_clips_are_those_of_all_systems(people):
    whole = make_judge(people, seed=0)
    names = list(people.voices.names[:7])
    part = Judge(whole.voices.select(names), whole.faces)
    systems = [System("a", {"V→F": whole}), System("b", {"V→F": part})]
    assert find_common(systems, "voices") == names
    chosen = systems[0].select(names[::-1], people.faces.names).judges["V→F"].voices
    np.testing.assert_array_equal(chosen.vectors, whole.voices.vectors[6::-1])


def test_retrieval_within_a_stratum_is_sklearns_average_precision(people):
    judge = make_judge(people, seed=5)
    found = score_retrieval(people, "V→F", "G", System("a", {"V→F": judge}))
    units = [
        part.vectors / np.linalg.norm(part.vectors, axis=1, keepdims=True)
        for part in (judge.voices, judge.faces)
    ]
    owners = np.array(people.faces.people)
    genders = np.array([GENDER[name] for name in owners])
    values = []
    for vector, person in zip(units[0], people.voices.people, strict=True):
        gallery = genders == GENDER[person]
        values.append(
            average_precision_score(owners[gallery] == person, units[1][gallery] @ vector)
        )
    assert found.value == pytest.approx(np.mean(values), abs=1e-6)
    assert found.chance == pytest.approx(1 / 6)


def test_a_split_is_measured_and_its_trials_kept(people, tmp_path: Path):
    judge, knower = make_judge(people, seed=2), make_gender_judge(people)
    systems = [
        System("WEN", {"V→F": judge, "F→V": judge}),
        System("DIMNet-G", {"V→F": knower, "F→V": knower}),
    ]
    found = Found()
    measure_split(
        people,
        systems,
        absent={"SVHF": "no data"},
        params=PARAMS,
        seed=0,
        out=tmp_path,
        found=found,
    )
    scores = {line.labels: line.score for line in found.lines if line.table == "table_3"}
    unknown = scores["SVHF", "V→F", "test", "all people"]
    assert (unknown.value, unknown.reason, unknown.published) == (None, "no data", 0.81)
    oracle = scores[ORACLE_NAME, "V→F", "test", "all people"]
    assert scores["DIMNet-G", "V→F", "test", "all people"].value == pytest.approx(
        oracle.value, abs=0.12
    )
    sizes = {line.labels[2] for line in found.lines if line.table == "galleries"}
    assert sizes == {"2", "4"}  # 50 people are not there
    lists = {path.stem for path in (tmp_path / "trials").iterdir()}
    assert {"v2f_test_U", "f2v_test_GN", "v2f_test_gallery_4"} <= lists


def test_differences_are_of_the_same_trials(people, tmp_path: Path):
    judges = {name: make_judge(people, seed=seed) for seed, name in enumerate("ab")}
    systems = [System(name, {"V→F": judge, "F→V": judge}) for name, judge in judges.items()]
    found = Found()
    measure_split(people, systems, absent={}, params=PARAMS, seed=0, out=tmp_path, found=found)
    (line,) = (line for line in compare_systems(found) if line.labels == ("a", "b", "all people"))
    scores = {line.labels[0]: line.score for line in found.lines if "all people" in line.labels}
    own = {line.labels: line.score for line in found.lines if line.table == "table_3"}
    a, b = (own[name, "V→F", "test", "all people"].value for name in "ab")
    assert scores
    assert line.score.value == pytest.approx(a - b, abs=1e-6)
    (mixed,) = count_mixed_pairs(found)
    trials = found.rounds["v2f_test_U"].trials
    differ = [
        GENDER[people.voices.people[one]] != GENDER[people.faces.people[two]]
        for one, two in zip(trials.probes, trials.others[:, 0], strict=True)
    ]
    assert mixed.score.value == pytest.approx(np.mean(differ))
