"""Stage evaluate_speech2face on a made-up corpus with untrained networks."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from models.face_decoder import FaceDecoder
from models.speech2face import VoiceEncoder
from tasks.evaluate_speech2face import measure_speech2face
from tasks.evaluation import picture_readings
from tasks.evaluation.galleries import read_galleries
from tasks.evaluation.speech2face import system
from tasks.evaluation.speech2face.facts import read_facts
from tasks.evaluation.speech2face.shape import read_shapes
from tasks.evaluation.store import get_headline, read_lines, read_samples, select_lines
from tasks.face.boxes import Box, Picture, frame_box
from tasks.params import EvaluationParams, FeatureParams, RunParams, Speech2FaceEvaluationParams
from tasks.report_speech2face import write_speech2face_report
from tasks.training.weights import Card, describe_class, read_card, save_weights
from tests.training_corpus import CARD, MEAN_SHAPE, D, write_training_shards

PARAMS = Speech2FaceEvaluationParams(num_fitted=8, num_shown=2)


class MeanColours:
    """A face encoder: the colours of the picture's corners and middle."""

    name, dimension, weight_sha256 = "dlib_resnet", D, CARD["encoder_sha256"]

    def encode(self, faces: Picture) -> np.ndarray:
        found = faces.astype(np.float32)[:, 16::96, 16::96].mean(axis=3)
        return found.reshape(len(faces), -1)[:, :D] / 255


class Detector:
    """Finds the whole picture, and nothing in every third one of a run."""

    num_calls = 0

    def __call__(self, picture: Picture) -> Box | None:
        self.num_calls += 1
        return None if self.num_calls % 3 == 0 else frame_box(picture.shape)


DETECTOR = Detector()


@pytest.fixture(scope="module")
def patched():
    """Without dlib's networks: another encoder, and a detector that misses some pictures."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (picture_readings, system):
            patch.setattr(module, "open_encoder", lambda params=None: MeanColours())
        patch.setattr(picture_readings, "find_drawn_face", DETECTOR)
        yield


def write_networks(root: Path, *, seed: int = 1) -> tuple[Path, Path]:
    torch.manual_seed(seed)
    config = {
        "mean_landmarks": MEAN_SHAPE.tolist(),
        "feature_dim": D,
        "code_dim": 16,
        "landmark_widths": [8],
        "texture_widths": [4, 4, 4, 4, 4],
    }
    decoder = FaceDecoder(**config)
    save_weights(root / "face_decoder", decoder, Card(describe_class(decoder), config))
    upstream = {"face_decoder": read_card(root / "face_decoder").sha256}
    settings = {"feature_dim": D, "width": 1 / 32}
    params = {"seconds": 3.0, "batch_norm": True, "loss": "features"}
    for name, changed in (("speech2face", {}), ("variants/speech2face-pixels", {"loss": "pixels"})):
        encoder = VoiceEncoder(**settings)
        card = Card(describe_class(encoder), settings, params=params | changed, upstream=upstream)
        save_weights(root / name, encoder, card)
        (root / name / "log.csv").write_text("step,rate,loss\n10,0.1,3.5\n20,0.1,2.5\n")
    return root / "speech2face", root / "face_decoder"


def run(shards: Path, weights: tuple[Path, Path], out: Path, **arguments: object) -> str:
    DETECTOR.num_calls = 0
    return measure_speech2face.fn(
        shards,
        *weights,
        out,
        params=PARAMS,
        evaluation=EvaluationParams(),
        features=FeatureParams(),
        run=RunParams(1, 1),
        **arguments,
    )


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    return write_training_shards(tmp_path_factory.mktemp("shards"), num_people=12)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return write_networks(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def evaluated(patched, shards, weights, tmp_path_factory):
    out = tmp_path_factory.mktemp("evaluations") / "speech2face"
    run(shards, weights, out, variants=weights[0].parent / "variants")
    return out


@pytest.fixture(scope="module")
def report(evaluated, weights, tmp_path_factory):
    out = tmp_path_factory.mktemp("reports") / "speech2face"
    write_speech2face_report.fn(evaluated, *weights, out)
    return out


def test_headline_and_guarded_are_the_means_of_their_samples(evaluated):
    lines, samples = read_lines(evaluated), read_samples(evaluated).to_pandas()
    named = [get_headline(lines), *select_lines(lines, "guarded")]
    assert [line.score.name for line in named] == [
        *("matching", "recall_at_10", "gender_agreement", "angle_deg")
    ]
    for line in named:
        own = samples[samples["metric"] == line.score.name]
        assert own["value"].mean() == pytest.approx(line.score.value, rel=1e-6)
        assert set(own["person"]) <= {f"person-{number:04d}" for number in range(18, 24)}


def test_pictures_without_a_face_are_counted_in_every_table(evaluated):
    facts, lines = read_facts(evaluated), read_lines(evaluated)
    assert facts.no_face["original"] == 0
    assert 0 < facts.no_face["from_face"] < facts.num_drawn
    scores = {line.labels: line.score for line in lines if line.table == "agreement"}
    for role in ("from_voice", "from_face"):
        score = scores["gender", "linear head", role]
        assert score.num_missing == facts.no_face[role]
        assert score.num_samples == facts.num_drawn - facts.no_face[role]


def test_missing_labels_say_so(evaluated):
    scores = {line.labels: line.score for line in read_lines(evaluated) if line.table == "leaks"}
    for head in ("head of true face features", "head of training voices"):
        assert scores["ethnicity", head].value is None
        assert scores["ethnicity", head].reason == "no labels"
        assert scores["gender", head].value is not None


def test_variants_are_measured_beside_the_default(evaluated):
    assert read_facts(evaluated).variants == ["loss of pixels"]
    lines = select_lines(read_lines(evaluated), "ablations")
    assert {line.labels[0] for line in lines} == {"as configured", "loss of pixels"}
    assert "variants" in read_galleries(evaluated)


def test_every_choice_of_shape_is_there(evaluated):
    shapes = read_shapes(evaluated)
    assert len({(item.jaw, item.alignment) for item in shapes}) == 4
    assert all(len(item.measures) == 12 for item in shapes)


def test_same_inputs_give_the_same_bytes(patched, shards, weights, tmp_path):
    folders = [tmp_path / name / "speech2face" for name in ("one", "two")]
    for folder in folders:
        run(shards, weights, folder, variants=weights[0].parent / "variants")
    names = sorted(path.name for path in folders[0].iterdir())
    assert names == sorted(path.name for path in folders[1].iterdir())
    for name in names:
        first, second = (
            hashlib.sha256((folder / name).read_bytes()).hexdigest() for folder in folders
        )
        assert first == second, name


def test_weights_that_do_not_fit_are_refused(patched, shards, weights, tmp_path):
    other = write_networks(tmp_path / "other", seed=2)
    with pytest.raises(ValueError, match="another face_decoder"):
        run(shards, (weights[0], other[1]), tmp_path / "out")
    with pytest.raises(ValueError, match="no weights of variants"):
        run(shards, weights, tmp_path / "out", variants=tmp_path)
    assert not (tmp_path / "out").exists()


def test_one_person_alone_cannot_be_told_from_others(patched, weights, tmp_path, monkeypatch):
    shards = write_training_shards(tmp_path / "shards", num_people=4)
    monkeypatch.setattr("tasks.evaluation.held_out.name_person", lambda part, row: "somebody")
    out = tmp_path / "speech2face"
    assert "not measured" in run(shards, weights, out)
    lines = {(line.table, *line.labels): line.score for line in read_lines(out)}
    assert lines["guarded", "true face among the first 10"].value is None
    write_speech2face_report.fn(out, *weights, tmp_path / "report")
    page = (tmp_path / "report/index.html").read_text()
    assert "not measured" in page
    assert "nan" not in page.lower().replace("nano", "").split("<body>")[1][:20000].split()


def test_report_has_every_table_and_figure(report):
    page = (report / "index.html").read_text()
    assert "Oh et al. 2019" in page
    for number in (3, 4, 5, 7, "8, 9", 10):
        assert f"Fig. {number}" in page
    tables = {path.stem for path in (report / "tables").glob("*.csv")}
    assert tables >= {"table2", "table3_of_100", "craniofacial", "segments", "ablations", "leaks"}
    figures = {path.stem for path in (report / "figures").glob("*.png")}
    assert figures >= {
        "triplets",
        "nearest",
        "segments",
        "variants",
        "craniofacial",
        "ablation_losses",
    }


def test_report_holds_no_nan(report):
    for path in (report / "tables").glob("*.csv"):
        cells = {cell.lower() for line in path.read_text().splitlines() for cell in line.split(",")}
        assert not cells & {"nan", "inf", "-inf"}, path.name
    metrics = json.loads((report / "metrics.json").read_text())
    assert metrics["matching_n"] > 0
    assert all(np.isfinite(value) for value in metrics.values())
