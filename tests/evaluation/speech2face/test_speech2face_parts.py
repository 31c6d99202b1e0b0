"""Tables and pictures of Speech2Face against plain loops, scipy and numpy."""

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tasks.evaluation.features import PUBLISHED_ANGLE
from tasks.evaluation.speech2face import ablations, segments
from tasks.evaluation.speech2face.distances import SPREADS, TABLE2, score_table2, score_table3
from tasks.evaluation.speech2face.galleries import find_other_videos, rank_faces
from tasks.evaluation.speech2face.maps import place_on_plane
from tasks.evaluation.speech2face.system import list_lengths
from tasks.training.weights import Card

N, D = 60, 12
PEOPLE = [f"person {row // 3}" for row in range(N)]
VIDEOS = [f"video {row // 2}" for row in range(N)]
CODES = np.arange(N) // 3


@pytest.fixture(scope="module")
def features():
    random = np.random.default_rng(0)
    true = random.normal(size=(N, D)).astype(np.float32)
    return (true + random.normal(size=(N, D))).astype(np.float32), true


def measure_angle(first, second):
    cosine = first.astype(float) @ second / np.linalg.norm(first) / np.linalg.norm(second)
    return np.degrees(np.arccos(cosine))


def test_table2_against_a_loop(features):
    heard, true = features
    lines = list(score_table2({"6 s": heard}, true, people=CODES, constant=true.mean(axis=0)))
    found = {(line.table, *line.labels): line.score for line in lines}
    angles = [measure_angle(a, b) for a, b in zip(heard, true, strict=True)]
    constant = [measure_angle(true.mean(axis=0), b) for b in true]
    mean, spread = found[TABLE2, "6 s", "angle_deg"], found[SPREADS, "6 s", "angle_deg"]
    assert mean.value == pytest.approx(np.mean(angles), rel=1e-5)
    assert mean.constant == pytest.approx(np.mean(constant), rel=1e-5)
    assert spread.value == pytest.approx(np.std(angles, ddof=1), rel=1e-5)
    assert (mean.published, spread.published) == PUBLISHED_ANGLE[6]
    l1 = np.abs(heard - true).sum(axis=1).mean()
    assert found[TABLE2, "6 s", "l1"].value == pytest.approx(l1, rel=1e-5)
    assert found[TABLE2, "6 s", "l1"].published is None


def test_table3_against_scipy(features):
    heard, true = features
    lines = score_table3({"5 s": heard}, true, people=CODES, constant=true.mean(axis=0))
    found = {line.labels: line.score for line in lines}
    distances = cdist(heard, true, "cosine")
    distances[CODES[:, None] == CODES] = np.inf
    own = [measure_angle(a, b) for a, b in zip(heard, true, strict=True)]
    nearer = (distances < 1 - np.cos(np.radians(own))[:, None]).sum(axis=1)
    for rank in (1, 5):
        score = found["5 s", "cosine", "absolute", f"R@{rank}"]
        assert score.value == pytest.approx((nearer < rank).mean())
        assert score.published is None
        assert found["5 s", "cosine", "of_100", f"R@{rank}"].chance == pytest.approx(rank / (N - 2))


def test_pairs_of_clips_against_a_loop(features):
    pairs = segments.find_pairs(PEOPLE, VIDEOS)
    found = {
        name: {(int(a), int(b)) for a, b in zip(pair.first, pair.second, strict=True)}
        for name, pair in pairs.items()
    }
    for first, second in combinations(range(N), 2):
        is_own = PEOPLE[first] == PEOPLE[second]
        is_same = VIDEOS[first] == VIDEOS[second]
        assert ((first, second) in found[segments.WITHIN]) == (is_own and is_same)
        assert ((first, second) in found[segments.ACROSS]) == (is_own and not is_same)
    assert all(PEOPLE[a] != PEOPLE[b] for a, b in found[segments.BETWEEN])


def test_angles_of_segments_against_a_loop(features):
    voices, faces = features
    lines = segments.score_segments(
        voices, faces, people=PEOPLE, videos=VIDEOS, parts=(voices, voices[::-1].copy())
    )
    found = {line.labels: line.score for line in lines}
    own = [
        measure_angle(voices[a], voices[b])
        for a, b in combinations(range(N), 2)
        if PEOPLE[a] == PEOPLE[b] and VIDEOS[a] != VIDEOS[b]
    ]
    score = found[segments.ACROSS, segments.VOICE]
    assert score.value == pytest.approx(np.mean(own), rel=1e-5)
    assert score.num_samples == len(own)
    parts = [measure_angle(a, b) for a, b in zip(voices, voices[::-1], strict=True)]
    assert found[segments.PARTS, segments.VOICE].value == pytest.approx(np.mean(parts), rel=1e-5)


def test_a_single_person_has_nobody_to_be_told_from(features):
    voices, faces = features
    lines = segments.score_segments(voices, faces, people=["one"] * N, videos=VIDEOS)
    score = {line.labels: line.score for line in lines}[segments.BETWEEN, segments.VOICE]
    assert score.value is None
    assert "two people" in score.reason


def test_nearest_faces_against_scipy(features):
    voices, faces = features
    expected = cdist(voices, faces, "cosine").argsort(axis=1)
    assert rank_faces(voices, faces)[:, :5].tolist() == expected[:, :5].tolist()


def test_other_videos_are_of_the_same_person():
    assert find_other_videos(["a", "a", "a", "b", "a"], ["1", "1", "2", "3", "4"], 0) == [2, 4]


def test_spread_of_a_constant_answer_is_zero(features):
    voices, true = features
    units = true / np.linalg.norm(true, axis=1, keepdims=True)
    scale = np.sqrt(((units - units.mean(axis=0)) ** 2).sum(axis=1).mean())
    heard = voices / np.linalg.norm(voices, axis=1, keepdims=True)
    spread = np.sqrt(((heard - heard.mean(axis=0)) ** 2).sum(axis=1).mean())
    assert ablations.compare_spreads(voices, true) == pytest.approx(spread / scale, rel=1e-5)
    assert ablations.compare_spreads(np.ones_like(true), true) == pytest.approx(0, abs=1e-6)


def test_variants_are_named_by_what_is_different(tmp_path):
    default = Card("models.speech2face.VoiceEncoder", {}, params={"seconds": 3.0, "loss": "a"})
    other = Card("models.speech2face.VoiceEncoder", {}, params={"seconds": 6.0, "loss": "pixels"})
    assert ablations.name_variant(other, default, tmp_path) == "trained on 6 s, loss of pixels"
    with pytest.raises(ValueError, match="no variant"):
        ablations.name_variant(default, default, tmp_path)


def test_lengths_that_the_encoder_can_hear():
    assert list_lengths(598) == {"3 s": 298, "6 s": 598}
    assert list_lengths(298) == {"3 s": 298}
    assert list_lengths(260) == {"2.6 s": 260}


def test_plane_keeps_groups_together():
    random = np.random.default_rng(1)
    centres = random.normal(size=(2, 16)) * 10
    points = np.concatenate([centre + random.normal(size=(20, 16)) for centre in centres])
    placed = place_on_plane(points.astype(np.float32))
    first, second = placed[:20].mean(axis=0), placed[20:].mean(axis=0)
    spread = max(placed[:20].std(axis=0).max(), placed[20:].std(axis=0).max())
    assert np.linalg.norm(first - second) > 2 * spread
    assert place_on_plane(points[:3]).shape == (0, 2)
