"""The headline and guarded metrics by gender, age, ethnicity and nationality."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from tasks.evaluation.attributes import bin_in_thirds
from tasks.evaluation.bootstrap import Doubles, encode_people, score_mean
from tasks.evaluation.features import drop_mean
from tasks.evaluation.groups import score_groups
from tasks.evaluation.held_out import HeldOut, Labels
from tasks.evaluation.scores import Indices, Score, complete
from tasks.evaluation.store import Line


@dataclass(frozen=True)
class PerSample:
    """A metric's value for each sample [N], and that of one answer for everybody."""

    values: Doubles
    constant: Doubles
    is_share: bool


def score_fairness(
    metrics: Mapping[str, PerSample], held_out: HeldOut, *, seed: int = 0
) -> Iterator[Line]:
    """Labels: metric, attribute, group; a group too small to say anything says so."""
    people = encode_people(held_out.people)
    groups: dict[str, Labels] = {
        "gender": held_out.genders,
        "age": [bin_in_thirds(age) for age in held_out.ages],
        "ethnicity": held_out.ethnicities,
        "nationality": held_out.nationalities,
    }
    for name, metric in metrics.items():
        compute = partial(score_part, metric, name=name, people=people, seed=seed)
        for item in score_groups(compute, groups):
            score = replace(item.score, reason=item.warning or item.score.reason)
            yield Line("groups", (name, item.attribute, item.group), score)


def score_part(
    metric: PerSample, samples: Indices, *, name: str, people: Indices, seed: int
) -> Score:
    score = score_mean(
        name, metric.values[samples], people=people[samples], is_share=metric.is_share, seed=seed
    )
    return complete(score, constant=drop_mean(metric.constant[samples]))
