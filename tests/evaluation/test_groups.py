import numpy as np

from tasks.evaluation.bootstrap import score_mean
from tasks.evaluation.groups import MIN_PEOPLE, score_groups


def test_groups_are_counted_and_small_ones_flagged():
    values = np.arange(50.0)
    genders = ["m"] * 30 + ["f"] * 15 + [None] * 5
    found = score_groups(
        lambda samples: score_mean("x", values[samples], people=samples),
        {"gender": genders, "ethnicity": [None] * 50},
    )
    assert [(item.attribute, item.group) for item in found] == [
        *(("gender", "f"), ("gender", "m"), ("gender", "unknown")),
    ]
    assert [item.score.value for item in found] == [37.0, 14.5, 47.0]
    assert [item.score.num_people for item in found] == [15, 30, 5]
    assert found[0].warning == "too few to say: 15 people"
    assert found[1].warning == ""
    assert MIN_PEOPLE == 20
