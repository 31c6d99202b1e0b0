"""AR-SPM evaluated and reported on a made-up corpus, with one variant and with two."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.compute_priors import compute_face_priors
from tasks.data.readers import read_column, read_index
from tasks.evaluate_ar_spm import measure_ar_spm
from tasks.evaluation.ar_spm import system
from tasks.evaluation.ar_spm.facts import read_facts
from tasks.evaluation.ar_spm.names import CONSTANT
from tasks.evaluation.features import measure_features
from tasks.evaluation.scores import Score
from tasks.evaluation.store import GUARDED, get_headline, read_lines, read_samples, select_lines
from tasks.params import (
    ArSpmDecoderParams,
    ArSpmEvaluationParams,
    ArSpmParams,
    EvaluationParams,
    FeatureParams,
    GenderClassifierParams,
    LoopParams,
    PriorParams,
    RunParams,
)
from tasks.report_ar_spm import write_ar_spm_report
from tasks.train_ar_spm import fit_ar_spm
from tasks.train_ar_spm_decoder import fit_ar_spm_decoder
from tasks.train_gender_classifier import fit_gender_classifier
from tasks.training.weights import load_tensors
from tests.training_corpus import D, write_training_shards

RUN, FACES, LOOP = RunParams(1, 1), FeatureParams(), LoopParams(2, 4, log_every=1)
DECODER = ArSpmDecoderParams(
    loop=LoopParams(1, 2, log_every=1), identity_weight=0.0, width=1 / 64, code_dim=8
)
AR_SPM = ArSpmParams(loop=LoopParams(4, 4, log_every=1), width=1 / 16)
PARAMS = ArSpmEvaluationParams(
    trials_per_voice=10, prior_repeats=20, num_subjects=3, num_reconstructions=2
)
ARTEFACTS = ("ar_spm", "ar_spm_decoder", "priors", "gender_classifier")


class MeanColours:
    """A face encoder of D numbers: mean colours of stripes of the picture."""

    name, weight_sha256, dimension = "stripes", "ab" * 32, D

    def encode(self, faces: np.ndarray) -> np.ndarray:
        stripes = faces.reshape(len(faces), D, -1)  # [B, D, ...]
        return stripes.mean(axis=2).astype(np.float32) / 255


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards, and weights of two variants, the default one in its own place."""
    folder = tmp_path_factory.mktemp("project")
    shards, weights = write_training_shards(folder / "shards"), folder / "weights"
    gender = GenderClassifierParams(loop=LOOP, width=1 / 8)
    fit_ar_spm_decoder.fn(shards, weights / "ar_spm_decoder", "code", DECODER, FACES, RUN)
    fit_gender_classifier.fn(shards, weights / "gender_classifier", "code", gender, RUN)
    compute_face_priors.fn(shards, weights / "priors", "code", PriorParams(8, 4), RUN)
    made_of = [weights / name for name in ARTEFACTS[1:]]
    for out, variant in (("ar_spm", "neutral+fc"), ("variants/ar_spm-gender", "gender")):
        params = replace(AR_SPM, variant=variant)
        fit_ar_spm.fn(shards, *made_of, weights / out, "code", params, FACES, RUN)
    return folder


@pytest.fixture(autouse=True)
def fake_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "load_encoder", lambda *_, **__: MeanColours())


def evaluate(root: Path, out: Path, *, shards: str = "shards", **changes: Any) -> str:
    weights = [root / "weights" / name for name in ARTEFACTS]
    return measure_ar_spm.fn(
        root / shards,
        *weights,
        out,
        params=PARAMS,
        evaluation=EvaluationParams(),
        features=FACES,
        run=RUN,
        **changes,
    )


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(system, "load_encoder", lambda *_, **__: MeanColours())
        evaluate(root, root / "evaluations/ar_spm", variants=root / "weights/variants")
    return root / "evaluations/ar_spm"


def find(folder: Path, table: str) -> dict[tuple[str, ...], Score]:
    return {line.labels: line.score for line in select_lines(read_lines(folder), table)}


def test_the_headline_and_guarded_metrics_have_their_samples(folder: Path) -> None:
    lines = read_lines(folder)
    samples = read_samples(folder).to_pandas()
    for line in (get_headline(lines), *select_lines(lines, GUARDED)):
        values = samples[samples["metric"] == line.score.name]["value"]
        assert values.mean() == pytest.approx(line.score.value)
    assert {line.score.name for line in select_lines(lines, GUARDED)} == {
        *("angle_deg", "gender_accuracy")
    }


def test_the_constant_prior_is_the_mean_of_the_two_means(root: Path, folder: Path) -> None:
    means = load_tensors(root / "weights/priors")
    neutral = (means["male"] + means["female"]).numpy() / 2
    true = read_column(read_index(root / "shards/pairs/test"), "face_feature")
    expected = measure_features(np.broadcast_to(neutral, true.shape), true)
    found = find(folder, "table4")
    for name in ("l1", "l2", "angle_deg"):
        score = found[CONSTANT, "unprimed", name]
        assert score.value == pytest.approx(expected[name].mean(), rel=1e-5)
        assert found["gender", "unprimed", name].constant == pytest.approx(score.value)


def test_both_variants_are_in_every_table(folder: Path) -> None:
    assert set(read_facts(folder).variants) == {"neutral+fc", "gender"}
    for table in ("table4", "table5", "table6", "matching", "retrieval"):
        assert {"neutral+fc", "gender", CONSTANT} <= {labels[0] for labels in find(folder, table)}


def test_unknown_ages_are_said_and_are_no_numbers(folder: Path) -> None:
    scores = find(folder, "table6")
    assert all(score.value is None for score in scores.values())
    assert {score.reason for score in scores.values()} <= {"no labels", "nobody of this group"}


def test_the_same_inputs_give_the_same_bytes(root: Path, folder: Path, tmp_path: Path) -> None:
    evaluate(root, tmp_path / "again", variants=root / "weights/variants")
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    for path in files:
        assert (tmp_path / "again" / path).read_bytes() == (folder / path).read_bytes(), path


def test_the_report_has_every_table_and_the_papers_numbers(root: Path, folder: Path) -> None:
    out, weights = root / "reports/ar_spm", [root / "weights" / name for name in ARTEFACTS]
    write_ar_spm_report.fn(folder, *weights, out, variants=root / "weights/variants")
    page = re.sub(r"data:image[^\"]*", "", (out / "index.html").read_text())
    assert not re.search(r"\bnan\b", page, re.IGNORECASE)
    for number in ("163.0", "15.20", "21.57", "40.66", "97.4", "179.6"):
        assert number in page, number
    for table in re.findall(r"tables/[\w]+\.csv", page):
        assert (out / table).is_file(), table
    rows = (out / "tables/table4.csv").read_text().splitlines()
    assert len(rows) == 1 + 8 + 2
    assert sum("make reproduce" in row for row in rows) == 5
    metrics = json.loads((out / "metrics.json").read_text())
    assert {"matching", "angle_deg", "gender_unprimed_angle_deg", "neutral_fc_gender"} <= set(
        metrics
    )


def test_weights_that_were_not_made_with_each_other_are_refused(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "weights"
    for name in ("ar_spm", "ar_spm_decoder", "gender_classifier"):
        other.mkdir(exist_ok=True)
        (other / name).symlink_to(root / "weights" / name)
    compute_face_priors.fn(root / "shards", other / "priors", "code", PriorParams(4, 2), RUN)
    (tmp_path / "shards").symlink_to(root / "shards")
    with pytest.raises(ValueError, match="trained with another priors"):
        evaluate(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_features_of_another_encoder_are_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MeanColours, "weight_sha256", "cd" * 32)
    with pytest.raises(ValueError, match="features are of an encoder with SHA-256 abab"):
        evaluate(root, tmp_path / "out")


def test_an_empty_test_split_is_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="this split of the data set is empty"):
        evaluate(root, tmp_path / "out", shards="nothing")


def test_a_folder_without_variants_is_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no weights of variants"):
        evaluate(root, tmp_path / "out", variants=tmp_path)
