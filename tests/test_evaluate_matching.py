"""All systems on a made-up corpus, and the page about them."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from models.ar_spm import GenderClassifier, SpeechEncoder
from models.dimnet import DimNet
from models.speech2face import VoiceEncoder
from models.svhf import Svhf
from models.voice2face import (
    DiscriminatorHead,
    FaceEmbedding,
    Generator,
    IdentityHead,
    VoiceEmbedding,
)
from tasks.evaluate_matching import measure_matching
from tasks.evaluation.store import get_headline, read_lines, read_samples
from tasks.params import EvaluationParams, MatchingEvaluationParams, RunParams
from tasks.report_matching import write_matching_report
from tasks.training.weights import Card, describe_class, read_card, save_tensors, save_weights
from tests.training_corpus import D, write_svhf_training_shards, write_training_shards

PARAMS = MatchingEvaluationParams(4, 60, [2, 3], 2)
RUN = RunParams(training_threads=1, device="cpu")
SYSTEMS = ("SVHF", "DIMNet-IG", "WEN", "Speech2Face", "AR-SPM")


def save(folder: Path, kind: type[nn.Module], config: dict[str, Any], **card: Any) -> Path:
    torch.manual_seed(0)
    network = kind(**config)
    save_weights(folder, network, Card(describe_class(network), config, **card))
    return folder


def save_gan(root: Path) -> list[Path]:
    channels = {"channels": [8, 8, 8, 8]}
    embedding = save(root / "voice_embedding", VoiceEmbedding, channels)
    known = {"upstream": {"voice_embedding": read_card(embedding).sha256}}
    small: dict[str, Any] = {"channels": [8, 8, 8, 8, 8]}
    save(root / "gan/generator", Generator, small, **known)
    save(root / "gan/face_embedding", FaceEmbedding, small)
    save(root / "gan/discriminator", DiscriminatorHead, {})
    save(root / "gan/classifier", IdentityHead, {"num_classes": 8}, params={"held_out": 0})
    return [embedding, root / "gan"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("weights")
    dimnet = {
        "num_classes": {"identity": 8, "gender": 2},
        "face_widths": [4, 4, 4, 4],
        "voice_channels": [8, 8, 8, 8],
    }
    speech = {"feature_dim": D, "width": 0.02}
    folders = [
        save(root / "svhf", Svhf, {"width": 0.02}),
        save(root / "dimnet", DimNet, dimnet, params={"variant": "IG"}),
        *save_gan(root),
        save(root / "speech2face", VoiceEncoder, speech),
        save(
            root / "ar_spm",
            SpeechEncoder,
            {**speech, "fusion": "fc"},
            params={"variant": "neutral+fc"},
        ),
        save(root / "gender_classifier", GenderClassifier, {"width": 0.1}),
    ]
    means = {"male": torch.zeros(D), "female": torch.ones(D)}
    save_tensors(root / "priors", means, Card("models.ar_spm_priors.FacePriors", {}))
    return [*folders, root / "priors"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("data")
    return write_training_shards(root / "shards"), write_svhf_training_shards(root / "svhf")


def measure(data: tuple[Path, Path], weights: list[Path], out: Path) -> Path:
    shared = EvaluationParams()
    measure_matching.fn(*data, weights, out, PARAMS, shared, "ethnicity", RUN)
    return out


def test_every_system_answers_the_same_trials(data, weights, tmp_path):
    out = measure(data, weights, tmp_path / "a")
    lines = read_lines(out)
    found = {line.labels: line.score for line in lines if line.table == "table_3"}
    for split in ("test", "train"):
        scores = [found[name, "V→F", split, "all people"] for name in SYSTEMS]
        assert len({score.num_samples for score in scores}) == 1
        assert all(score.value is not None and score.chance == 0.5 for score in scores)
    assert get_headline(lines).labels == ("WEN",)
    metrics = set(read_samples(out)["metric"].to_pylist())
    named = {line.score.name for line in lines if line.table in ("headline", "guarded")}
    assert named <= metrics
    backwards = {line.labels: line.score for line in lines if line.table == "strata"}
    assert backwards["SVHF", "F→V", "test", "all people"].value is None
    assert "network of its own" in backwards["SVHF", "F→V", "test", "all people"].reason


def test_the_same_inputs_give_the_same_bytes(data, weights, tmp_path):
    one, two = (measure(data, weights[:2], tmp_path / name) for name in "ab")
    for path in sorted(one.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (two / path.relative_to(one)).read_bytes(), path


def test_the_page_has_a_row_for_each_system(data, weights, tmp_path):
    out = measure(data, weights, tmp_path / "evaluation")
    metrics = write_matching_report.fn(out, weights, tmp_path / "report")
    page = (tmp_path / "report/index.html").read_text()
    assert all(name in page for name in (*SYSTEMS, "gender oracle"))
    assert "wen_v2f_test_U" in metrics
    assert json.loads((tmp_path / "report/metrics.json").read_text()) == pytest.approx(
        dict(metrics), abs=1e-5
    )
    table = (tmp_path / "report/tables/table_3.csv").read_text().splitlines()
    assert len(table) == 1 + 2 * (len(SYSTEMS) + 1)


def test_weights_that_make_no_system_are_refused(data, weights, tmp_path):
    parts = [folder for folder in weights if folder.name in ("priors", "gender_classifier")]
    with pytest.raises(ValueError, match="holds a system that can match"):
        measure(data, parts, tmp_path)
    with pytest.raises(ValueError, match="ar_spm needs weights of"):
        measure(data, [folder for folder in weights if folder.name == "ar_spm"], tmp_path)


def test_a_split_that_a_system_cannot_read_is_a_gap_with_a_reason(data, weights, tmp_path):
    chosen = [folder for folder in weights if folder.name in ("dimnet", "svhf")]
    out = measure((data[0], tmp_path / "nothing"), chosen, tmp_path / "out")
    found = {line.labels: line.score for line in read_lines(out) if line.table == "table_3"}
    gap = found["SVHF", "V→F", "test", "all people"]
    assert (gap.value, gap.published) == (None, 0.81)
    assert gap.reason == "voices has no test split"
