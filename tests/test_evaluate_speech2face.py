"""Stage evaluate_speech2face on a made-up corpus with untrained networks."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.face_decoder import FaceDecoder
from models.speech2face import VoiceEncoder
from tasks.evaluate_speech2face import measure_speech2face
from tasks.evaluation import picture_readings
from tasks.evaluation.speech2face import system
from tasks.face.boxes import Box, Picture, frame_box
from tasks.params import EvaluationParams, FeatureParams, RunParams, Speech2FaceEvaluationParams
from tasks.report_speech2face import write_speech2face_report
from tasks.training.weights import Card, describe_class, read_card, save_weights
from tests.training_corpus import CARD, MEAN_SHAPE, D, write_training_shards

PARAMS = Speech2FaceEvaluationParams(num_fitted=8, num_shown=2)
BLANK = 3  # every so many pictures no face is found


class MeanColours:
    """A face encoder: the colours of the picture's corners and middle."""

    name, dimension, weight_sha256 = "dlib_resnet", D, CARD["encoder_sha256"]

    def encode(self, faces: Picture) -> np.ndarray:
        found = faces.astype(np.float32)[:, 16::96, 16::96].mean(axis=3)
        return found.reshape(len(faces), -1)[:, :D] / 255


@pytest.fixture(scope="module")
def patched():
    """Without dlib's networks: another encoder, and a detector that misses some pictures."""
    counter = iter(range(10_000))

    def find(picture: Picture) -> Box | None:
        return None if next(counter) % BLANK == 0 else frame_box(picture.shape)

    with pytest.MonkeyPatch.context() as patch:
        for module in (picture_readings, system):
            patch.setattr(module, "open_encoder", lambda params=None: MeanColours())
        patch.setattr(picture_readings, "find_drawn_face", find)
        yield


def write_networks(root: Path, **changes: object) -> tuple[Path, Path]:
    torch.manual_seed(1)
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
    return root / "speech2face", root / "face_decoder"


def run(shards: Path, weights: tuple[Path, Path], out: Path, **arguments: object) -> str:
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


def test_report_stands_for_itself(report):
    page = (report / "index.html").read_text()
    assert "Oh et al. 2019" in page
