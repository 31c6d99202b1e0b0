from tasks.data.held_out import select_held_out


def test_the_last_clips_of_each_person_in_order_of_id() -> None:
    identities = ["a", "b", "a", None, "a", "b"]
    clip_ids = ["3", "1", "1", "0", "2", "2"]
    found = select_held_out(identities, clip_ids, per_person=1)
    assert found.tolist() == [True, False, False, False, False, True]


def test_nobody_loses_all_clips() -> None:
    assert not select_held_out(["a", "a", "b"], ["1", "2", "3"], per_person=2).any()


def test_none_may_be_held_out() -> None:
    assert not select_held_out(["a", "a"], ["1", "2"], per_person=0).any()
