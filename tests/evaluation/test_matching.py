import itertools
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from tasks.evaluation.matching import (
    Items,
    Trials,
    compare_labels,
    compare_scores,
    compare_vectors,
    draw_trials,
    join_strata,
    score_trials,
)
from tasks.evaluation.trial_lists import read_trials, write_trials

# SPEC 5.2: the test set of Wen et al. has 115 men, 74 women; 14,012 and 7,838 voices of them.
NUM_MEN, NUM_WOMEN = 115, 74
MALE_VOICES, FEMALE_VOICES = 14_012, 7_838


def make_items(prefix, counts):
    people = list(itertools.chain.from_iterable([name] * count for name, count in counts.items()))
    return Items([f"{prefix}{index}" for index in range(len(people))], people)


@pytest.fixture
def small():
    voices = make_items("v", {"ann": 3, "bob": 2, "cy": 4})
    faces = make_items("f", {"ann": 2, "bob": 1, "cy": 5, "dee": 3})
    return voices, faces


@pytest.fixture(scope="module")
def wen():
    """Voices, faces and genders with the published numbers of people and voices."""
    men, women = [f"m{index}" for index in range(115)], [f"f{index}" for index in range(74)]
    counts = {}
    for people, total in ((men, MALE_VOICES), (women, FEMALE_VOICES)):
        share, extra = divmod(total, len(people))
        counts |= {person: share + (index < extra) for index, person in enumerate(people)}
    faces = make_items("face", dict.fromkeys(counts, 3))
    return make_items("voice", counts), faces, {person: person[0] for person in counts}


def test_trials_have_the_true_person_and_another(small):
    voices, faces = small
    trials = draw_trials(voices, faces, num_per_probe=50, seed=3)
    assert len(trials) == 9 * 50
    assert Counter(trials.probes.tolist()) == dict.fromkeys(range(9), 50)
    for probe, true, other in zip(trials.probes, trials.true, trials.others[:, 0], strict=True):
        assert faces.people[true] == voices.people[probe] != faces.people[other]


def test_trials_are_seeded(small):
    one, same, another = (draw_trials(*small, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.others, same.others)
    assert np.array_equal(one.true, same.true)
    assert not np.array_equal(one.others, another.others)


def test_impostors_are_uniform_over_people_then_faces(small):
    voices, faces = small
    trials = draw_trials(voices, faces, num_per_probe=4000)
    of_ann = trials.others[np.isin(trials.probes, [0, 1, 2]), 0]
    people = Counter(faces.people[index] for index in of_ann)
    assert stats.chisquare([people[name] for name in ("bob", "cy", "dee")]).pvalue > 1e-3
    of_cy = Counter(of_ann.tolist())
    assert stats.chisquare([of_cy[index] for index in range(3, 8)]).pvalue > 1e-3


def test_strata_keep_others_of_the_same_label_and_count_who_is_left_out(small):
    voices, faces = small
    strata = {"ann": "f", "dee": "f", "bob": "m", "cy": None}
    trials = draw_trials(voices, faces, strata=strata, num_per_probe=10)
    assert {faces.people[index] for index in trials.others[:, 0]} == {"dee"}
    assert trials.left_out == {"stratum unknown": 4, "too few other people in the stratum": 2}


def test_a_person_without_faces_is_left_out():
    voices, faces = make_items("v", {"ann": 1, "bob": 2}), make_items("f", {"ann": 1, "cy": 1})
    trials = draw_trials(voices, faces, num_per_probe=2)
    assert trials.left_out == {"no candidate of the same person": 2}
    alone = draw_trials(make_items("v", {"ann": 1}), make_items("f", {"ann": 1}))
    score = score_trials(
        "x",
        np.array([]),
        trials=alone,
        probes=make_items("v", {"ann": 1}),
        candidates=make_items("f", {"ann": 1}),
    )
    assert score.value is None
    assert "too few other people" in score.reason


def test_joined_strata():
    joined = join_strata({"a": "m", "b": "f"}, {"a": "India", "b": None})
    assert joined == {"a": "m|India", "b": None}


def test_n_way_trials_hold_different_people(small):
    voices, faces = small
    trials = draw_trials(voices, faces, num_per_probe=200, num_others=3)
    assert trials.chance == 0.25
    for row in trials.others:
        assert len({faces.people[index] for index in row}) == 3
    assert not len(draw_trials(voices, faces, num_others=4))


def test_scores_against_a_loop(small):
    voices, faces = small
    generator = np.random.default_rng(0)
    left, right = generator.normal(size=(9, 5)), generator.normal(size=(11, 5))
    trials = draw_trials(voices, faces, num_per_probe=20, num_others=2)
    won = compare_vectors(trials, probes=left, candidates=right)
    for index in range(len(trials)):
        cosines = [
            left[trials.probes[index]] @ right[face] / np.linalg.norm(right[face])
            for face in (trials.true[index], *trials.others[index])
        ]
        assert won[index] == (np.argmax(cosines) == 0)


def test_ties_count_half():
    true, others = np.array([1.0, 1.0, 0.0, 2.0]), np.array([[1, 0], [1, 1], [0, 1], [1, 1]])
    assert compare_scores(true, others).tolist() == [0.5, pytest.approx(1 / 3), 0, 1]


def test_a_constant_voice_is_at_chance(small):
    voices, faces = small
    trials = draw_trials(voices, faces, num_per_probe=5)
    won = compare_vectors(trials, probes=np.ones((9, 4)), candidates=np.ones((11, 4)))
    assert np.all(won == 0.5)


def test_features_that_do_not_fit_are_named(small):
    trials = draw_trials(*small, num_per_probe=1)
    with pytest.raises(ValueError, match=r"\[9, 4\] against \[11, 5\]"):
        compare_vectors(trials, probes=np.ones((9, 4)), candidates=np.ones((11, 5)))
    faces = np.ones((11, 4))
    faces[3, 1] = np.nan
    with pytest.raises(ValueError, match="1 features are not finite, the first in row 3"):
        compare_vectors(trials, probes=np.ones((9, 4)), candidates=faces)


def test_gender_oracle_reaches_the_published_reference(wen):
    voices, faces, genders = wen
    labels = [[genders[person] for person in items.people] for items in (voices, faces)]
    trials = draw_trials(voices, faces, num_per_probe=20)
    won = compare_labels(trials, *labels)
    assert won.mean() == pytest.approx(0.736, abs=0.001)
    stratified = draw_trials(voices, faces, strata=genders, num_per_probe=20)
    assert np.all(compare_labels(stratified, *labels) == 0.5)
    assert len(draw_trials(voices, faces)) == 2_359_800
    score = score_trials("oracle", won, trials=trials, probes=voices, candidates=faces)
    assert score.chance == 0.5
    assert score.num_people == 189
    assert score.low < 0.736 < score.high
    # Over trials it would be ± 0.0013.
    assert 0.01 < score.high - score.low < 0.06


def test_lists_survive_the_disk(small, tmp_path):
    voices, faces = small
    trials = draw_trials(voices, faces, num_per_probe=7, num_others=2)
    path = tmp_path / "trials.csv"
    write_trials(trials, path, probes=voices, candidates=faces)
    first = path.read_text(encoding="utf-8").splitlines()
    assert first[0].replace('"', "") == "probe,true,other_1,other_2"
    found = read_trials(path, probes=voices, candidates=faces)
    assert np.array_equal(found.probes, trials.probes)
    assert np.array_equal(found.true, trials.true)
    assert np.array_equal(found.others, trials.others)
    again = tmp_path / "again.csv"
    write_trials(found, again, probes=voices, candidates=faces)
    assert again.read_bytes() == path.read_bytes()
    assert {item.name for item in tmp_path.iterdir()} == {"trials.csv", "again.csv"}


def test_a_list_of_somebody_else_is_refused(small, tmp_path):
    voices, faces = small
    path = tmp_path / "trials.csv"
    path.write_text("probe,true,other_1\nv0,f0,f5\nv0,f0,nobody\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"trials.csv: line 3: unknown name 'nobody'"):
        read_trials(path, probes=voices, candidates=faces)
    path.write_text("a,b,c\n", encoding="utf-8")
    with pytest.raises(ValueError, match="columns are"):
        read_trials(path, probes=voices, candidates=faces)


def test_trials_know_their_number():
    empty = np.zeros(0, np.int32)
    assert len(Trials(empty, empty, np.zeros((0, 1), np.int32), {})) == 0
