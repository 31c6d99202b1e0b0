"""Does a voice give the same face again? Parts of a clip, clips of a video, videos of a person
(S2F Fig. 10), beside other people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tasks.data.readers import Group, ShardIndex, read_group
from tasks.evaluation.bootstrap import encode_people, score_mean, score_pair_mean
from tasks.evaluation.features import measure_features
from tasks.evaluation.scores import Floats, Indices, Score, make_missing
from tasks.evaluation.store import Line

PARTS = "two parts of one clip"
WITHIN = "two clips of one video"
ACROSS = "two videos of one person"
BETWEEN = "two people"
RELATIONS = (WITHIN, ACROSS, BETWEEN)
MAX_PAIRS = 20_000  # of people, chosen
VOICE, FACE = "voice", "face"


@dataclass(frozen=True)
class Pairs:
    """Rows of clips `first` and `second` [P]."""

    first: Indices
    second: Indices


def find_pairs(people: Sequence[str], videos: Sequence[str], *, seed: int = 0) -> dict[str, Pairs]:
    """All pairs of clips of one person, by relation; of different people MAX_PAIRS at most."""
    owned: dict[str, list[int]] = {}
    for row, person in enumerate(people):
        owned.setdefault(person, []).append(row)
    own = [pair for rows in owned.values() for pair in combinations(rows, 2)]
    same = [pair for pair in own if videos[pair[0]] == videos[pair[1]]]
    other = [pair for pair in own if videos[pair[0]] != videos[pair[1]]]
    drawn = np.random.default_rng(seed).integers(len(people), size=(2 * MAX_PAIRS, 2))
    codes = encode_people(people)
    strangers = drawn[codes[drawn[:, 0]] != codes[drawn[:, 1]]][:MAX_PAIRS]
    return {
        WITHIN: _stack(np.array(same, np.intp)),
        ACROSS: _stack(np.array(other, np.intp)),
        BETWEEN: _stack(strangers.astype(np.intp)),
    }


def _stack(pairs: Indices) -> Pairs:
    first, second = pairs.reshape(-1, 2).T
    return Pairs(first, second)


def score_segments(
    voices: Floats,
    faces: Floats,
    *,
    people: Sequence[str],
    videos: Sequence[str],
    parts: tuple[Floats, Floats] | None = None,
    seed: int = 0,
) -> Iterator[Line]:
    """Angles between features [N, D] of pairs of clips. Labels: relation, features of.

    `parts` are the features of the first and the last seconds of each clip's voice.
    """
    codes = encode_people(people)
    if parts is not None:
        angles = measure_features(*parts)["angle_deg"]
        score = score_mean("angle_deg", angles, people=codes, seed=seed)
        yield Line("segments", (PARTS, VOICE), score)
    for relation, pairs in find_pairs(people, videos, seed=seed).items():
        for name, features in ((VOICE, voices), (FACE, faces)):
            yield Line("segments", (relation, name), _score(features, pairs, codes, relation, seed))


def _score(features: Floats, pairs: Pairs, people: Indices, relation: str, seed: int) -> Score:
    if not len(pairs.first):
        return make_missing("angle_deg", f"there are no {relation}")
    angles = measure_features(features[pairs.first], features[pairs.second])["angle_deg"]
    first, second = people[pairs.first], people[pairs.second]
    if relation == BETWEEN:
        return score_pair_mean("angle_deg", angles, first=first, second=second, seed=seed)
    return score_mean("angle_deg", angles, people=first, seed=seed)


def read_videos(index: ShardIndex, groups: Sequence[Group]) -> list[str]:
    """The video of every row of `groups`."""
    parts = [read_group(group, columns=("video_id",), schema=index.schema) for group in groups]
    return [str(video) for part in parts for video in part["video_id"]]
