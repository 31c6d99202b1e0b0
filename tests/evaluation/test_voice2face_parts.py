"""Parts of Wen et al.'s evaluation against small loops of their own."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from scipy.spatial.distance import cdist, pdist

from models.voice2face import stretch_pictures
from tasks.evaluation.matching import Items, compare_vectors
from tasks.evaluation.voice2face.alikeness import (
    PERCEIVED,
    PIXELS,
    score_alikeness,
    score_perceived,
)
from tasks.evaluation.voice2face.corpus import Labelled
from tasks.evaluation.voice2face.durations import (
    Speech,
    compute_angles,
    compute_pixel_distances,
    cut_speech,
)
from tasks.evaluation.voice2face.matching import average_by_voice, draw_contest
from tasks.evaluation.voice2face.realness import (
    MAX_S,
    MIN_S,
    list_kinds,
    make_random_sounds,
    read_sounds,
    score_deviation,
)

RANDOM = np.random.default_rng(0)


def label(people: list[str], genders: list[str | None]) -> Labelled:
    names = [f"clip{number}" for number in range(len(people))]
    unknown: list[str | None] = [None] * len(people)
    labels = {"gender": genders, "age group": unknown, "ethnicity": unknown, "nationality": unknown}
    return Labelled(Items(names, people), labels)


VOICES = label(["a", "a", "b", "c", "d", "e"], ["m", "m", "m", "f", "f", None])


def test_people_whose_samples_disagree_have_no_label() -> None:
    who = label(["a", "a", "b"], ["m", "f", "f"])
    assert who.get_label_of_people("gender") == {"a": None, "b": "f"}


def test_trials_of_a_group_are_those_of_its_voices() -> None:
    contest = draw_contest("test", "U", voices=VOICES, faces=VOICES, num_per_probe=5, seed=3)
    part, rows = contest.select(np.array([2, 3]))
    assert set(part.trials.probes.tolist()) == {2, 3}
    assert len(part.trials) == len(rows) == 10


def test_people_of_unknown_gender_take_no_part_in_the_stratified_trials() -> None:
    contest = draw_contest("test", "G", voices=VOICES, faces=VOICES, num_per_probe=4, seed=3)
    people = np.array(VOICES.items.people)
    assert "e" not in {*people[contest.trials.probes], *people[contest.trials.others[:, 0]]}
    assert contest.trials.left_out == {"stratum unknown": 1}


def test_a_voices_share_is_the_mean_over_its_trials() -> None:
    contest = draw_contest("test", "U", voices=VOICES, faces=VOICES, num_per_probe=7, seed=1)
    vectors = RANDOM.normal(size=(6, 4))
    won = compare_vectors(contest.trials, probes=vectors, candidates=RANDOM.normal(size=(6, 4)))
    table = average_by_voice("m", contest, won).to_pylist()
    assert [row["sample_id"] for row in table] == VOICES.items.names
    for number, row in enumerate(table):
        assert row["value"] == pytest.approx(won[contest.trials.probes == number].mean())


def test_speech_is_cut_in_equal_parts_or_by_recording() -> None:
    speech = Speech("a", tuple(np.full((250, 64), k, np.float32) for k in range(3)))
    assert [len(part) for part in cut_speech(speech, num_segments=7)] == [107] * 7
    assert [part[0, 0] for part in cut_speech(speech, num_segments=3)] == [0, 1, 2]
    assert cut_speech(speech, num_segments=8) == []  # less than a second each


def test_distances_are_those_of_scipy() -> None:
    vectors = RANDOM.normal(size=(5, 8))
    cosines = 1 - cdist(vectors, vectors, "cosine")
    np.fill_diagonal(cosines, 1)
    wanted = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    found = compute_angles(torch.from_numpy(vectors))
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    faces = torch.from_numpy(RANDOM.normal(size=(4, 3, 8, 8))).float()
    flat = stretch_pictures(faces).flatten(1).numpy()
    wanted = cdist(flat, flat, "cityblock") / flat.shape[1]
    np.testing.assert_allclose(compute_pixel_distances(faces), wanted, atol=1e-5)


def test_deviation_and_its_interval() -> None:
    values, people = RANDOM.normal(0, 2, 600), np.repeat(np.arange(200), 3) + 5
    score = score_deviation("d", values, people=people)
    assert score.value == pytest.approx(float(np.std(values)))
    draws = []
    for _ in range(400):  # people drawn anew, with all three values of each
        drawn = RANDOM.integers(200, size=200)
        draws.append(np.std(values.reshape(200, 3)[drawn]))
    assert score.low == pytest.approx(np.quantile(draws, 0.025), abs=0.04)
    assert score.high == pytest.approx(np.quantile(draws, 0.975), abs=0.04)
    assert score.num_people == 200


def test_noise_is_of_random_kind_and_length() -> None:
    assert list_kinds([]) == ["white", "pink", "brown"]
    sounds = list(make_random_sounds([], num_samples=20, seed=0))
    seconds = [len(sound) / 16_000 for sound in sounds]
    assert MIN_S <= min(seconds) < 3
    assert 7 < max(seconds) <= MAX_S
    again = list(make_random_sounds([], num_samples=20, seed=0))
    assert all(np.array_equal(a, b) for a, b in zip(sounds, again, strict=True))


def test_sounds_are_one_of_each_person(tmp_path: Path) -> None:
    audio = {f"clip{k}": np.full(50, k + 1, "<i2").tobytes() for k in range(6)}
    audio["clip2"] = b""  # silent, or none
    pq.write_table(
        pa.table({"clip_id": list(audio), "audio": list(audio.values())}),
        tmp_path / "shard-00000.parquet",
    )
    found = read_sounds(tmp_path, VOICES)
    assert [sound[0] for sound in found] == [1, 4, 5, 6]  # clips 0, 3, 4, 5
    assert read_sounds(tmp_path / "gone", VOICES) == []


class MeanColour:
    """A face encoder of three numbers."""

    name, weight_sha256, dimension = "colour", "ab" * 32, 3

    def encode(self, faces: np.ndarray) -> np.ndarray:
        assert faces.shape[1:] == (224, 224, 3)
        return faces.mean(axis=(1, 2)).astype(np.float32)


def test_how_alike_faces_are_to_an_encoder() -> None:
    colours = RANDOM.uniform(-1, 1, (5, 3))
    faces = torch.tensor(colours, dtype=torch.float32)[:, :, None, None].expand(-1, -1, 64, 64)
    shown = stretch_pictures(faces)[:, :, 0, 0].numpy()
    wanted = np.degrees(np.arccos(1 - pdist(shown, "cosine"))).mean()
    found = dict(score_alikeness("colours", faces, MeanColour()))
    assert found[PERCEIVED].value == pytest.approx(wanted, abs=0.3)  # colours are whole numbers
    assert found[PIXELS].value == pytest.approx(shown.std(axis=0, ddof=1).mean(), rel=1e-5)
    assert score_perceived("one", faces[:1], MeanColour()).reason == "one picture"
