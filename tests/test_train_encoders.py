"""Speech2Face's and AR-SPM's stages on a made-up corpus."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.face_decoder import FaceDecoder
from models.speech2face import VoiceEncoder
from tasks.compute_priors import compute_face_priors
from tasks.data.readers import read_column, read_index
from tasks.params import (
    ArSpmDecoderParams,
    ArSpmParams,
    FeatureParams,
    GenderClassifierParams,
    LoopParams,
    PriorParams,
    RunParams,
    SpeakerStartParams,
    Speech2FaceParams,
)
from tasks.train_ar_spm import fit_ar_spm
from tasks.train_ar_spm_decoder import (
    fit_ar_spm_decoder,
    standardise_input,
)
from tasks.train_gender_classifier import fit_gender_classifier
from tasks.train_speech2face import fit_speech2face
from tasks.training import stages
from tasks.training.decoder_start import NOTE as START_NOTE
from tasks.training.encoders import count_frames
from tasks.training.precision import Precision
from tasks.training.weights import (
    Card,
    describe_class,
    load_tensors,
    load_weights,
    read_card,
    save_weights,
)
from tests.training_corpus import MEAN_SHAPE, D, read_losses, write_training_shards

RUN = RunParams(1, 1)
BF16 = Precision(torch.device("cpu"), bf16=True, channels_last=True)
FACES = FeatureParams()
SPEECH2FACE = Speech2FaceParams(
    loop=LoopParams(2, 4, log_every=1, save_every=2, draw_every=2, gradients_every=1), width=1 / 32
)
DECODER = ArSpmDecoderParams(
    loop=LoopParams(1, 2, log_every=1, validate_every=1, draw_every=1),
    identity_weight=0.0,
    width=1 / 64,
    code_dim=8,
)
AR_SPM = ArSpmParams(
    loop=LoopParams(30, 8, log_every=10, draw_every=30, gradients_every=30), width=1 / 16
)
SMALL_COLE: dict[str, Any] = {
    "mean_landmarks": MEAN_SHAPE.tolist(),
    "feature_dim": D,
    "code_dim": 16,
    "landmark_widths": [8],
    "texture_widths": [4, 4, 4, 4, 4],
}


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_training_shards(tmp_path_factory.mktemp("data") / "shards")


@pytest.fixture(scope="module")
def weights(shards: Path) -> Path:
    """All that AR-SPM's encoder and Speech2Face's need."""
    folder = shards.parent / "weights"
    save_cole(folder / "face_decoder", SMALL_COLE)
    fit_ar_spm_decoder.fn(shards, folder / "ar_spm_decoder", "code", DECODER, FACES, RUN)
    gender = GenderClassifierParams(loop=LoopParams(20, 8, log_every=10), rate=3e-3, width=1 / 8)
    fit_gender_classifier.fn(shards, folder / "gender_classifier", "code", gender, RUN)
    compute_face_priors.fn(shards, folder / "priors", "code", PriorParams(8, 4), RUN)
    return folder


def save_cole(folder: Path, config: dict[str, Any]) -> None:
    torch.manual_seed(0)
    decoder = FaceDecoder(**config)
    save_weights(folder, decoder, Card(describe_class(decoder), config))


def train_speech2face(shards: Path, weights: Path, out: Path, **changes: Any) -> dict[str, float]:
    params = replace(SPEECH2FACE, **changes)
    return fit_speech2face.fn(shards, weights / "face_decoder", out, "code", params, FACES, RUN)


def train_ar_spm(shards: Path, weights: Path, out: Path, **changes: Any) -> dict[str, float]:
    params = replace(AR_SPM, **changes)
    folders = (weights / name for name in ("ar_spm_decoder", "priors", "gender_classifier"))
    return fit_ar_spm.fn(shards, *folders, out, "code", params, FACES, RUN)


def test_speech2face_leaves_weights_norms_and_pictures(
    shards: Path, weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "weights/speech2face"
    metrics = train_speech2face(shards, weights, out)
    assert metrics["test_matching_constant"] == pytest.approx(0.5)
    assert (out / "gradients.csv").read_text().startswith("step,code,angle,parameters\n")
    assert (out / "pictures/step-00000002.png").is_file()
    card = read_card(out)
    assert card.upstream == {"face_decoder": read_card(weights / "face_decoder").sha256}
    assert "distillation" in card.notes[0]
    encoder = load_weights(out, expected=VoiceEncoder)
    assert encoder(torch.zeros(1, 2, 260, 257)).shape == (1, D)


@pytest.mark.parametrize("loss", ["features", "pixels"])
def test_speech2face_trains_in_bf16_as_on_a_gpu(
    shards: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    monkeypatch.setattr(stages, "choose_precision", lambda *_, **__: BF16)
    out = tmp_path / "weights/speech2face"
    train_speech2face(shards, weights, out, loss=loss, loop=LoopParams(1, 2, log_every=1))
    assert np.isfinite(read_losses(out)).all()


def test_ar_spm_trains_in_bf16_as_on_a_gpu(
    shards: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "choose_precision", lambda *_, **__: BF16)
    out = tmp_path / "weights/ar_spm"
    train_ar_spm(shards, weights, out, loop=LoopParams(1, 2, log_every=1))
    assert np.isfinite(read_losses(out)).all()


def test_the_pixel_ablation_trains_through_the_decoder(
    shards: Path, weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "weights/speech2face"
    loop = LoopParams(1, 2, log_every=1)
    train_speech2face(shards, weights, out, loss="pixels", loop=loop, batch_norm=False)
    assert (out / "log.csv").read_text().startswith("step,rate,loss,pixels\n")


SPEAKER = SpeakerStartParams(loop=LoopParams(3, 8, log_every=1), seconds=2.62)


def test_encoders_may_begin_with_what_a_speaker_encoder_hears(
    shards: Path, weights: Path, tmp_path: Path
) -> None:
    chosen: dict[str, Any] = {"start": "speaker", "speaker": SPEAKER, "gains": [1.0, 4.0]}
    loop = LoopParams(1, 4, log_every=1)
    for train, out in (
        (train_speech2face, tmp_path / "weights/speech2face"),
        (train_ar_spm, tmp_path / "weights/ar_spm"),
    ):
        metrics = train(shards, weights, out, loop=loop, **chosen)
        assert metrics["gain"] in (1.0, 4.0)
        card = read_card(out)
        assert any("Resemblyzer" in note for note in card.notes)
        assert any("gain" in note for note in card.notes)
        assert (out / "speaker_log.csv").read_text().startswith("step,rate,loss,speaker\n")
        assert {"start_val_matching", "val_matching", "val_speaker_error"} <= set(metrics)


def test_a_start_from_speakers_needs_people_to_choose_on(weights: Path, tmp_path: Path) -> None:
    alone = tmp_path / "shards/pairs"
    alone.mkdir(parents=True)
    (alone / "train").symlink_to(weights.parent / "shards/pairs/train")
    with pytest.raises(ValueError, match=r"val: no rows"):
        train_ar_spm(
            alone.parent, weights, tmp_path / "weights/x", start="speaker", speaker=SPEAKER
        )


def test_frames_of_the_papers_lengths() -> None:
    assert [count_frames(seconds) for seconds in (3.0, 6.0)] == [298, 598]


def test_windows_too_short_for_the_encoder_are_refused(
    shards: Path, weights: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"seconds: 2 gives 198 frames, the encoder needs 259"):
        train_speech2face(shards, weights, tmp_path / "weights/x", seconds=2.0)


def test_features_of_another_width_are_refused(shards: Path, weights: Path, tmp_path: Path) -> None:
    save_cole(tmp_path / "weights/face_decoder", SMALL_COLE | {"feature_dim": D + 1})
    with pytest.raises(ValueError, match=f"features of {D + 1} values, the shards have {D}"):
        train_speech2face(shards, tmp_path / "weights", tmp_path / "weights/x")


def test_a_missing_decoder_is_named_before_training(shards: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="face_decoder: no weights yet"):
        train_speech2face(shards, tmp_path, tmp_path / "weights/x")


def test_the_gender_classifier_learns(weights: Path) -> None:
    metrics = read_card(weights / "gender_classifier").metrics
    assert metrics["test_accuracy"] > metrics["test_constant"]


def test_priors_are_the_means_of_equally_many_faces(shards: Path, weights: Path) -> None:
    index = read_index(shards / "pairs/train")
    features, genders = read_column(index, "face_feature"), read_column(index, "gender")
    everybody = shards.parent / "weights/all"
    compute_face_priors.fn(shards, everybody, "code", PriorParams(1000, 4), RUN)
    means = load_tensors(everybody)
    for name, letter in (("male", "m"), ("female", "f")):
        expected = features[genders == letter].astype(np.float64).mean(axis=0)
        np.testing.assert_allclose(means[name].numpy(), expected, atol=1e-6)
    assert read_card(weights / "priors").metrics["num_male"] == 4
    lines = (everybody / "convergence.csv").read_text().splitlines()
    assert lines[0].startswith("gender,faces,repeats,angle_deg")
    assert len(lines) == 1 + 2 * 3  # 1, 3 and 10 of 12 faces


@pytest.mark.parametrize("variant", ["neutral+fc", "gender", "female"])
def test_ar_spm_learns_with_each_kind_of_prior(
    shards: Path, weights: Path, tmp_path: Path, variant: str
) -> None:
    out = tmp_path / "weights/ar_spm"
    metrics = train_ar_spm(shards, weights, out, variant=variant)
    assert metrics["test_matching_constant"] == pytest.approx(0.5)
    losses = read_losses(out)
    assert losses[-1] < 0.9 * losses[0]
    card = read_card(out)
    assert card.params["variant"] == variant
    assert set(card.upstream) == {"ar_spm_decoder", "priors", "gender_classifier"}


def test_ar_spm_needs_its_priors(shards: Path, weights: Path, tmp_path: Path) -> None:
    (tmp_path / "ar_spm_decoder").symlink_to(weights / "ar_spm_decoder")
    with pytest.raises(ValueError, match="priors: no weights yet"):
        train_ar_spm(shards, tmp_path, tmp_path / "weights/ar_spm")


def test_an_empty_split_is_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="this split of the data set is empty"):
        train_ar_spm(tmp_path, weights, tmp_path / "weights/ar_spm")


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_the_decoders_identity_term_is_logged_or_noted(tmp_path: Path, weight: float) -> None:
    shards = write_training_shards(tmp_path / "shards", num_people=2, dimension=128)
    params = replace(DECODER, identity_weight=weight, standardise=True)
    fit_ar_spm_decoder.fn(shards, tmp_path / "weights/x", "code", params, FACES, RUN)
    header = (tmp_path / "weights/x/log.csv").read_text().splitlines()[0]
    assert ("identity" in header) == (weight > 0)
    identity, start = read_card(tmp_path / "weights/x").notes
    assert ("left out" in identity) == (weight == 0)
    assert start == START_NOTE


def test_features_that_hardly_differ_are_spread_by_the_first_layer() -> None:
    torch.manual_seed(0)
    layer, features = torch.nn.Linear(D, 5), 3 + 0.01 * torch.randn(40, D)
    deviation = (features - features.mean(dim=0)).square().mean().sqrt()
    expected = layer((features - features.mean(dim=0)) / deviation)
    standardise_input(layer, features)
    torch.testing.assert_close(layer(features), expected, atol=1e-3, rtol=1e-3)
