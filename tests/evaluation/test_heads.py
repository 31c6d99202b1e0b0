import numpy as np
import pyarrow.parquet as pq
import pytest

from tasks.evaluation.heads import (
    LabelledFeatures,
    draw_again,
    fit_heads,
    read_labelled_split,
    score_answers,
    score_head,
)
from tasks.evaluation.linear_head import Attributes
from tasks.evaluation.picture_readings import Readings
from tasks.params import FeatureParams
from tests.training_corpus import D, write_training_shards

N = 200


@pytest.fixture(scope="module")
def people():
    """Gender is in the first feature of real faces, and in the second of drawn ones."""
    random = np.random.default_rng(0)
    genders = random.choice(["m", "f"], N).tolist()
    sign = np.where(np.array(genders) == "m", 1.0, -1.0)
    real = random.normal(size=(N, D)).astype(np.float32)
    made = random.normal(size=(N, D)).astype(np.float32)
    real[:, 0] += 3 * sign
    made[:, 1] += 3 * sign
    labels = Attributes(genders, [None] * N, [None] * N)
    names = [f"person {row // 2}" for row in range(N)]
    return LabelledFeatures(real, labels, names), LabelledFeatures(made, labels, names)


def test_drawn_pictures_have_a_head_of_their_own(people):
    real, made = people
    heads = fit_heads(real, made, source="faces")
    assert heads.made is not None
    assert score_head(heads.made, made)["gender"].value > 0.95
    assert score_head(heads.real, made)["gender"].value < 0.7
    assert heads.read(made.features, "made") == heads.made.predict(made.features)
    assert heads.read(real.features, "real") == heads.real.predict(real.features)


def test_without_drawn_pictures_the_head_of_real_ones_reads_them(people):
    real, made = people
    heads = fit_heads(real, None, source="faces")
    assert heads.read(made.features, "made") == heads.real.predict(made.features)


def test_no_labels_at_all_is_bad_input(people):
    nothing = Attributes([None] * N, [None] * N, [None] * N)
    unlabelled = LabelledFeatures(people[0].features, nothing, people[0].people)
    with pytest.raises(ValueError, match="train: no gender"):
        fit_heads(unlabelled, None, source="train")


def test_answers_are_scored_as_by_hand():
    true = Attributes(["m", "f", "m", None], [20.0, 40.0, None, 10.0], ["white"] * 4)
    found = Attributes(["m", "m", None, "f"], [30.0, 41.0, 5.0, None], ["white", "black"] * 2)
    scores = score_answers(true, found, people=np.arange(4))
    assert scores["gender"].value == 1 / 2
    assert scores["gender"].num_missing == 2
    assert scores["age"].value == pytest.approx((10 + 1) / 2)
    assert scores["ethnicity"].value == 1 / 2


def test_faces_of_a_split_are_those_in_its_parquet(tmp_path):
    shards = write_training_shards(tmp_path, num_people=6)
    found = read_labelled_split(shards / "pairs/train")
    table = pq.read_table(next((shards / "pairs/train").glob("*.parquet"))).to_pandas()
    assert found.labels.genders == table["gender"].tolist()
    assert found.people == table["identity"].tolist()
    assert set(found.labels.ages) == {None}
    np.testing.assert_array_equal(found.features, np.stack(table["face_feature"]))
    assert len(read_labelled_split(shards / "pairs/train", max_faces=1).people) == len(table)


def test_faces_not_found_in_drawn_pictures_stay_and_are_counted(people, monkeypatch):
    seen: list[int] = []

    def read(pictures, **_):
        seen.append(len(pictures))
        features = np.stack([picture[0, 0] for picture in pictures]).astype(np.float32)
        features[::2] = np.nan
        nothing = [None] * len(pictures)
        reasons = ["no face", ""] * (len(pictures) // 2)
        landmarks = np.full((len(pictures), 68, 2), np.nan)
        return Readings(reasons, landmarks, features, Attributes(nothing, nothing, nothing))

    monkeypatch.setattr("tasks.evaluation.heads.read_pictures", read)
    drawn = draw_again(
        people[0],
        lambda features: np.full((len(features), 2, 2, 3), 7, np.uint8),
        encoder=FeatureParams(),
        max_faces=40,
    )
    assert seen == [40]
    assert drawn.num_missing == 20
    assert list(drawn.people) == list(people[0].people[:40])
