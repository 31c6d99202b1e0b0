import re
from collections import Counter

from tasks.outcomes import Reason
from tasks.sample.plan import Fault, plan_corpus

PLANNED = plan_corpus(128, seed=0)


def test_three_recordings_of_each_of_128_people_and_twelve_faulty_ones() -> None:
    counts = Counter(r.person_seed for r in PLANNED if not r.fault)
    assert len(counts) == 128
    assert set(counts.values()) == {3}
    assert Counter(r.fault for r in PLANNED if r.fault).keys() == set(Fault)
    assert len(PLANNED) == 128 * 3 + 12


def test_the_lists_share_nobody_and_split_96_to_32() -> None:
    people = {
        name: {r.person_seed for r in PLANNED if r.list_name == name and not r.fault}
        for name in ("train", "test")
    }
    assert {name: len(found) for name, found in people.items()} == {"train": 96, "test": 32}
    everyone = [
        {seed for r in PLANNED if r.list_name == name for seed in (r.person_seed, r.listener_seed)}
        for name in ("train", "test")
    ]
    assert everyone[0] & everyone[1] <= {None}


def test_ids_are_like_youtubes_and_one_good_one_begins_with_a_dash() -> None:
    ids = [r.video_id for r in PLANNED]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{11}", video_id) for video_id in ids)
    assert any(r.video_id.startswith("-") and r.expected == "kept" for r in PLANNED)


def test_what_is_expected_is_kept_or_a_known_reason() -> None:
    reasons = {reason.value for reason in Reason}
    assert {r.expected for r in PLANNED} <= reasons | {"kept"}


def test_the_same_seed_plans_the_same_corpus() -> None:
    assert plan_corpus(128, seed=0) == PLANNED
    assert not {r.video_id for r in plan_corpus(128, seed=1)} & {r.video_id for r in PLANNED}
