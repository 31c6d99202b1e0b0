"""Wen et al.'s evaluation and report on a made-up corpus, with networks of a few steps."""

import csv
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import torch

from tasks.data.readers import read_batches
from tasks.evaluate_voice2face import measure_voice2face
from tasks.evaluation.scores import Score
from tasks.evaluation.store import (
    GUARDED,
    Line,
    get_headline,
    read_lines,
    read_samples,
    select_lines,
)
from tasks.params import (
    EvaluationParams,
    FeatureParams,
    GanParams,
    LoopParams,
    RunParams,
    Voice2FaceEvaluationParams,
    VoiceEmbeddingParams,
)
from tasks.report_voice2face import write_voice2face_report
from tasks.train_gan import fit_gan
from tasks.train_voice_embedding import fit_voice_embedding
from tests.training_corpus import write_training_shards

RUN = RunParams(training_threads=1)
PARAMS = Voice2FaceEvaluationParams(
    trials_per_voice=6,
    train_trials=60,
    num_realness=3,
    num_segments=3,
    classifier_steps=4,
    classifier_batch=8,
)
SETTINGS: dict[str, Any] = {
    "params": PARAMS,
    "evaluation": EvaluationParams(),
    "features": FeatureParams(),
    "run": RUN,
}
VOICE = VoiceEmbeddingParams(
    loop=LoopParams(6, 8, log_every=2, save_every=6, validate_every=3),
    milestones=[4],
    held_out=1,
    channels=[8, 8, 8, 8],
)
GAN = GanParams(
    loop=LoopParams(4, 6, log_every=2, save_every=4, draw_every=0),
    generator_channels=[8, 8, 8, 8, 8],
    trunk_channels=[4, 4, 8, 8, 8],
)


class World:
    """Shards, weights and folders for what is made of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.shards = write_training_shards(root / "shards", num_people=10)
        self.embedding, self.gan = root / "weights/voice_embedding", root / "weights/gan"
        fit_voice_embedding.fn(self.shards, self.embedding, "code", VOICE, RUN)
        fit_gan.fn(self.shards, self.embedding, self.gan, "code", GAN, VOICE, RUN)

    def evaluate(self, name: str, shards: Path | None = None) -> Path:
        out = self.root / "evaluations" / name
        extracts = self.root / "extracts"  # gone, as on a machine that has shards alone
        given = (shards or self.shards, extracts, self.embedding, self.gan, out)
        measure_voice2face.fn(*given, **SETTINGS)
        return out

    def report(self, evaluation: Path, name: str) -> Path:
        out = self.root / "reports" / name
        write_voice2face_report.fn(evaluation, self.embedding, self.gan, out)
        return out


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("voice2face"))


@pytest.fixture(scope="module")
def evaluation(world: World) -> Path:
    return world.evaluate("first")


def find(lines: Sequence[Line], name: str) -> Score:
    (score,) = [line.score for line in lines if line.score.name == name and line.table != "groups"][
        :1
    ]
    return score


def test_matching_is_what_a_loop_over_its_own_trial_list_gives(
    world: World, evaluation: Path
) -> None:
    """The CSV's trials, played again with float64 vectors made here."""
    from models.voice2face import FaceEmbedding, Generator, VoiceEmbedding
    from tasks.training.recordings import prepare_logmel
    from tasks.training.weights import load_weights

    embedding = load_weights(world.embedding, expected=VoiceEmbedding).double()
    generator = load_weights(world.gan / "generator", expected=Generator).double()
    trunk = load_weights(world.gan / "face_embedding", expected=FaceEmbedding).double()
    made, real = {}, {}
    for batch in read_batches(world.shards / "voices/test"):
        for name, logmel in zip(batch["clip_id"], batch["logmel"], strict=True):
            unit = embedding(prepare_logmel(logmel).double())[0]
            made[name] = trunk(generator((unit / unit.norm())[None]))[0].numpy()
    for batch in read_batches(world.shards / "faces/test"):
        for name, face in zip(batch["clip_id"], batch["face"], strict=True):
            pixels = torch.tensor(np.asarray(face)).permute(2, 0, 1).double()
            real[name] = trunk(((pixels - 127.5) / 127.5)[None])[0].numpy()

    def cosine(left: np.ndarray, right: np.ndarray) -> float:
        return float(left @ right / np.linalg.norm(left) / np.linalg.norm(right))

    with (evaluation / "trials_test_all.csv").open() as file:
        rows = list(csv.DictReader(file))
    won = [
        cosine(made[row["probe"]], real[row["true"]])
        > cosine(made[row["probe"]], real[row["other_1"]])
        for row in rows
    ]
    assert len(rows) == PARAMS.trials_per_voice * len(made)
    score = get_headline(read_lines(evaluation)).score
    assert score.value == pytest.approx(np.mean(won), abs=2.5 / len(rows))
    assert score.num_samples == len(rows)


def test_impostors_of_the_stratified_trials_are_of_one_gender(
    world: World, evaluation: Path
) -> None:
    genders = {}
    for batch in read_batches(world.shards / "faces/test", columns=["clip_id", "gender"]):
        genders |= dict(zip(batch["clip_id"], batch["gender"], strict=True))
    with (evaluation / "trials_test_gender.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert all(genders[row["true"]] == genders[row["other_1"]] for row in rows)
    lines = read_lines(evaluation)
    assert find(lines, "oracle_test_gender").value == 0.5
    assert find(lines, "oracle_test_all").value > 0.5


def test_the_printed_table_is_whole(evaluation: Path) -> None:
    lines = select_lines(read_lines(evaluation), "table_3")
    printed = {score for score in (line.score.published for line in lines) if score is not None}
    assert {0.81, 0.652, 0.8345, 0.7091, 0.729, 0.5032, 0.9683, 0.9398, 0.7607, 0.5969} <= printed
    assert {line.labels[3] for line in lines if line.labels[0] == "WEN"} == {"trunk", "independent"}


def test_guarded_metrics_have_their_samples(evaluation: Path) -> None:
    lines, samples = read_lines(evaluation), read_samples(evaluation)
    values = samples.to_pandas().groupby("metric")["value"].mean()
    guarded = [get_headline(lines), *select_lines(lines, GUARDED)]
    assert len(guarded) == 4
    for line in guarded:
        assert values[line.score.name] == pytest.approx(line.score.value)


def test_closed_set_is_about_recordings_kept_from_training(world: World, evaluation: Path) -> None:
    lines, samples = read_lines(evaluation), read_samples(evaluation).to_pandas()
    held_out = set(samples[samples.metric == "held_out_top1"].sample_id)
    seen = set(samples[samples.metric == "seen_top1"].sample_id)
    assert not held_out & seen
    clips = {}
    for batch in read_batches(world.shards / "voices/train", columns=["clip_id", "identity"]):
        for name, person in zip(batch["clip_id"], batch["identity"], strict=True):
            clips.setdefault(person, []).append(name)
    assert held_out == {max(names) for names in clips.values()}  # the last of each by id
    assert find(lines, "held_out_top1").chance == pytest.approx(1 / len(clips))
    assert find(lines, "held_out_top5").chance == pytest.approx(5 / len(clips))


def test_what_could_not_be_had_is_said(evaluation: Path) -> None:
    lines = read_lines(evaluation)
    assert "needs the sound of 8 test people" in find(lines, "babble").reason
    # 3 recordings of 3.2 to 4.2 s: ten seconds are there, of most.
    assert find(lines, "matching_10_s").value is not None
    assert "no labels" in find(lines, "leak_ethnicity_embedding").reason


def test_same_inputs_give_same_bytes(world: World, evaluation: Path) -> None:
    again = world.evaluate("second")
    names = sorted(path.name for path in evaluation.iterdir())
    assert names == sorted(path.name for path in again.iterdir())
    for name in names:
        assert (evaluation / name).read_bytes() == (again / name).read_bytes(), name


def test_the_report_shows_every_table_and_figure(world: World, evaluation: Path) -> None:
    out = world.report(evaluation, "first")
    html = (out / "index.html").read_text()
    for words in ("Table 3", "Figure 2", "Figure 3", "Figure 5", "Table 1", "Model card"):
        assert words in html
    shown = re.sub(r"base64,[^\"]+", "", html)
    assert "NaN" not in shown
    assert "None" not in shown
    assert "nan" not in (out / "metrics.json").read_text().lower()
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["matching_test_all"] == pytest.approx(
        get_headline(read_lines(evaluation)).score.value, abs=1e-6
    )
    for path in ("tables/table_3.csv", "tables/groups.csv", "figures/noise_faces.png"):
        assert (out / path).is_file()


def test_an_empty_test_split_is_said_in_words(world: World) -> None:
    shards = world.root / "no_test"
    for name in ("voices", "faces"):
        (shards / name).mkdir(parents=True)
        (shards / name / "train").symlink_to(world.shards / name / "train")
    evaluation = world.evaluate("no_test", shards)
    html = (world.report(evaluation, "no_test") / "index.html").read_text()
    assert "no test people with voice and face" in html


def test_one_person_without_labels_is_said_in_words(world: World) -> None:
    shards = world.root / "one_person"
    for name in ("voices", "faces"):
        (shards / name / "test").mkdir(parents=True)
        (shards / name / "train").symlink_to(world.shards / name / "train")
        table = pq.read_table(world.shards / name / "test/shard-00000.parquet")
        part = table.filter(pc.equal(table["identity"], table["identity"][0]))
        place = part.schema.get_field_index("gender")
        part = part.set_column(place, "gender", pa.nulls(len(part), pa.string()))
        part = part.replace_schema_metadata(table.schema.metadata)
        pq.write_table(part, shards / name / "test/shard-00000.parquet")
    evaluation = world.evaluate("one_person", shards)
    lines = read_lines(evaluation)
    assert "too few other people" in get_headline(lines).score.reason
    assert "stratum unknown" in find(lines, "matching_test_gender").reason
    assert find(lines, "gender_generated").reason == "no labels"
    html = (world.report(evaluation, "one_person") / "index.html").read_text()
    assert "Nothing can be said yet" in html


def test_a_gan_of_another_voice_embedding_is_refused(world: World) -> None:
    other = world.root / "weights/other"
    fit_voice_embedding.fn(world.shards, other, "code", replace(VOICE, loop=LoopParams(2, 8)), RUN)
    with pytest.raises(ValueError, match="another voice embedding"):
        measure_voice2face.fn(
            *(world.shards, world.root, other, world.gan, world.root / "x"), **SETTINGS
        )
