"""A ridge from a pre-trained speaker embedding, on a made-up corpus."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from models.speaker_encoder import SpeakerFaceEncoder
from tasks.params import RunParams, SpeakerFaceParams
from tasks.train_speaker_face import fit_speaker_face
from tasks.training.heard import hear
from tasks.training.weights import load_weights, read_card
from tests.training_corpus import D, write_training_shards

PARAMS = SpeakerFaceParams(strengths=[0.1, 1.0], gains=[1.0])


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_training_shards(tmp_path_factory.mktemp("data") / "shards", clips_each=2)


def test_the_network_answers_as_scikit_learns_ridge(shards: Path) -> None:
    out = shards.parent / "weights/speaker_face"
    metrics = fit_speaker_face.fn(shards, out, "code", PARAMS, RunParams(1, 1))
    assert metrics["test_matching_constant"] == pytest.approx(0.5)
    network = load_weights(out, expected=SpeakerFaceEncoder)
    assert isinstance(network, SpeakerFaceEncoder)
    train, test = (
        hear(network.speaker, shards / "pairs" / split, device=torch.device("cpu"))
        for split in ("train", "test")
    )
    x = train.embeddings.double().numpy()
    mean, scale = x.mean(axis=0), x.std(axis=0, ddof=1).clip(1e-8)
    ridge = Ridge(alpha=metrics["strength"] * len(x)).fit((x - mean) / scale, train.features)
    expected = ridge.predict((test.embeddings.double().numpy() - mean) / scale)
    found = network.head(test.embeddings).detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert found.shape == (len(test.people), D)
    assert any("Resemblyzer" in note for note in read_card(out).notes)


def test_other_or_missing_weights_are_refused(shards: Path, tmp_path: Path) -> None:
    path = tmp_path / "pretrained.pt"
    for expected in ("no such file", "SHA-256"):
        with pytest.raises(ValueError, match=expected):
            fit_speaker_face.fn(
                shards,
                tmp_path / "weights/x",
                "code",
                SpeakerFaceParams(weights=path),
                RunParams(1, 1),
            )
        path.write_bytes(b"something else")
