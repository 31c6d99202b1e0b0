import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from tasks.evaluation.distances import measure_distances, sum_differences
from tasks.evaluation.retrieval import (
    Ranks,
    compute_hits,
    rank_constant,
    rank_true,
    score_recalls,
    tabulate_hits,
)

SCIPY = {"l2": "euclidean", "l1": "cityblock", "cosine": "cosine"}


@pytest.fixture(scope="module")
def features():
    generator = np.random.default_rng(0)
    gallery = generator.normal(size=(300, 24))
    return (gallery + 1.5 * generator.normal(size=(300, 24))).astype(np.float32), gallery


@pytest.mark.parametrize("distance", ["l2", "l1", "cosine"])
def test_ranks_against_scipy(features, distance, monkeypatch):
    monkeypatch.setattr("tasks.evaluation.retrieval.QUERY_ROWS", 70)
    queries, gallery = features
    matrix = cdist(queries, gallery, SCIPY[distance])
    ranks = rank_true(queries, gallery)[distance]
    expected = (matrix < np.diag(matrix)[:, None]).sum(axis=1)
    # Of 90,000 distances a few are too close to tell in float32.
    assert np.all(ranks.num_nearer <= expected)
    assert np.all(expected <= ranks.num_nearer + ranks.num_tied)
    assert ranks.num_tied.sum() <= 3
    assert np.all(ranks.num_others == 299)


def test_l1_against_torch():
    left, right = torch.randn(5, 4096), torch.randn(70, 4096)
    expected = torch.cdist(left.double(), right.double(), p=1)
    torch.testing.assert_close(sum_differences(left, right).double(), expected, rtol=1e-5, atol=0)


def test_other_faces_of_the_same_person_take_no_part(features):
    queries, gallery = features
    people = np.arange(300) // 3
    ranks = rank_true(queries, gallery, people=(people, people))["l2"]
    matrix = cdist(queries, gallery)
    for index in range(0, 300, 17):
        others = np.flatnonzero(people != people[index])
        nearer = (matrix[index, others] < matrix[index, index]).sum()
        assert ranks.num_nearer[index] == nearer
        assert ranks.num_others[index] == 297


def test_true_faces_elsewhere_in_the_gallery(features):
    queries, gallery = features
    true = np.array([40, 7])
    ranks = rank_true(queries[true], gallery, true=true)["l1"]
    expected = rank_true(queries, gallery)["l1"]
    assert ranks.num_nearer.tolist() == expected.num_nearer[true].tolist()


def test_equal_faces_tie_whatever_their_place():
    generator = np.random.default_rng(1)
    face = generator.normal(size=(1, 4096))
    gallery = np.concatenate([face] * 37).astype(np.float32)
    queries = generator.normal(size=(37, 4096)).astype(np.float32)
    for ranks in rank_true(queries, gallery).values():
        assert not ranks.num_nearer.any()
        assert np.all(ranks.num_tied == 36)
        assert compute_hits(ranks, reading="absolute", rank=5).mean() == pytest.approx(5 / 37)


def test_readings_against_drawing_distractors(features):
    ranks = rank_true(*features)["cosine"]
    hits = compute_hits(ranks, reading="of_100", rank=5)
    generator, index = np.random.default_rng(2), int(np.argmax(ranks.num_nearer >= 12))
    is_nearer = np.arange(299) < ranks.num_nearer[index]
    drawn = [generator.choice(is_nearer, 99, replace=False).sum() < 5 for _ in range(4000)]
    assert hits[index] == pytest.approx(np.mean(drawn), abs=0.03)


def test_absolute_and_percent_readings():
    ranks = Ranks(np.array([0, 4, 49, 50]), np.zeros(4, int), np.full(4, 4999))
    assert compute_hits(ranks, reading="absolute", rank=5).tolist() == [1, 1, 0, 0]
    assert compute_hits(ranks, reading="percent", rank=1).tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize("rank", [1, 2, 5, 10])
def test_chance_is_as_printed(rank):
    assert tabulate_hits(4999, reading="of_100", rank=rank).mean() == pytest.approx(rank / 100)
    assert tabulate_hits(4999, reading="percent", rank=rank).mean() == pytest.approx(rank / 100)
    assert tabulate_hits(4999, reading="absolute", rank=rank).mean() == pytest.approx(rank / 5000)


def test_constant_predictor_is_at_chance(features):
    queries, gallery = features
    constant = rank_constant(gallery.mean(axis=0), gallery)
    repeated = rank_true(np.repeat(gallery.mean(axis=0)[None], 300, axis=0), gallery)
    for distance, ranks in constant.items():
        assert np.array_equal(ranks.num_nearer, repeated[distance].num_nearer)
    scores = score_recalls(
        rank_true(queries, gallery)["l2"],
        people=np.arange(300),
        constant=constant["l2"],
        published=(8.28, 13.66, 24.66, 35.84),
    )
    score = scores["of_100", 10]
    assert score.constant == pytest.approx(0.1, abs=1e-9)
    assert score.chance == pytest.approx(0.1)
    assert score.published == pytest.approx(0.3584)
    assert score.low < score.value < score.high


def test_small_gallery_is_all_there_are(features):
    queries, gallery = features
    ranks = rank_true(queries[:50], gallery[:50])["l2"]
    scores = score_recalls(ranks, people=np.arange(50))
    place = (cdist(queries[:50], gallery[:50]) <= cdist_own(queries, gallery)).sum(axis=1)
    assert scores["of_100", 5].value == pytest.approx((place <= 5).mean())
    assert scores["of_100", 5].chance == pytest.approx(5 / 50)
    assert "gallery of 50" in scores["of_100", 5].reason
    assert not scores["absolute", 1].reason


def cdist_own(queries, gallery):
    return np.linalg.norm(queries - gallery, axis=1)[:50, None]


def test_gallery_of_one_face_says_nothing(features):
    queries, gallery = features
    scores = score_recalls(rank_true(queries[:1], gallery[:1])["l2"], people=np.zeros(1, int))
    assert {score.value for score in scores.values()} == {None}


def test_cosine_of_zeros_is_finite():
    measured = measure_distances(torch.zeros(2, 3), torch.ones(4, 3))
    assert all(bool(torch.isfinite(item.matrix).all()) for item in measured.values())
