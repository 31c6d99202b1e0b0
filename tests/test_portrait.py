"""A face from a made-up voice, by networks of random weights."""

import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from models.ar_spm import SpeechEncoder
from models.ar_spm_decoder import FaceDecoder as ArSpmDecoder
from models.face_decoder import FaceDecoder
from models.speech2face import VoiceEncoder
from models.voice2face import Generator, VoiceEmbedding
from tasks.params import CorpusParams, Params
from tasks.portrait import draw_portrait
from tasks.training.weights import Card, describe_class, read_card, save_tensors, save_weights
from tests.training_corpus import MEAN_SHAPE, D

PARAMS = Params(CorpusParams("sample", Path("lists")))
ROOT = Path(__file__).parents[1]


def save(folder: Path, network: type[nn.Module], config: dict[str, Any], **card: Any) -> None:
    torch.manual_seed(0)
    made = network(**config)
    save_weights(folder, made, Card(describe_class(made), config, **card))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    save(folder / "voice_embedding", VoiceEmbedding, {"channels": [8, 8, 8, 8]})
    save(folder / "gan/generator", Generator, {"channels": [8, 8, 8, 8, 8]})
    cole = {"mean_landmarks": MEAN_SHAPE.tolist(), "feature_dim": D, "code_dim": 8}
    small = {"landmark_widths": [8], "texture_widths": [4, 4, 4, 4, 4]}
    save(folder / "face_decoder", FaceDecoder, cole | small)
    save(
        folder / "speech2face",
        VoiceEncoder,
        {"feature_dim": D, "width": 1 / 64},
        upstream={"face_decoder": read_card(folder / "face_decoder").sha256},
    )
    decoder = {"feature_dim": D, "code_dim": 8, "width": 1 / 64}
    save(folder / "ar_spm_decoder", ArSpmDecoder, decoder)
    save(
        folder / "ar_spm",
        SpeechEncoder,
        {"feature_dim": D, "width": 1 / 64, "fusion": "fc"},
        params={"variant": "neutral+fc"},
        upstream={"ar_spm_decoder": read_card(folder / "ar_spm_decoder").sha256},
    )
    means = {"male": torch.zeros(D), "female": torch.ones(D)}
    save_tensors(folder / "priors", means, Card("models.ar_spm_priors.FacePriors", {}))
    return folder


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3 s of harmonics of 120 Hz in syllables, which WebRTC takes for speech."""
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    seconds = np.arange(3 * 16000) / 16000
    tone = sum(np.sin(2 * np.pi * 120 * k * seconds) / k for k in range(1, 20))
    write_wav(path, tone * (1 + np.sin(2 * np.pi * 4 * seconds)) * 4000)
    return path


def write_wav(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(samples.clip(-32768, 32767).astype("<i2").tobytes())


def draw(voice: Path, network: str, weights: Path, out: Path) -> np.ndarray:
    size = draw_portrait(voice, network=network, weights=weights, out=out, params=PARAMS)
    picture = cv2.imread(str(out))
    assert picture is not None
    assert picture.shape == (*size, 3)
    return picture


@pytest.mark.parametrize(
    ("network", "side"), [("voice2face", 64), ("speech2face", 224), ("ar_spm", 224)]
)
def test_each_network_draws_a_face(
    voice: Path, weights: Path, tmp_path: Path, network: str, side: int
) -> None:
    picture = draw(voice, network, weights, tmp_path / "new/face.png")
    assert picture.shape == (side, side, 3)
    assert picture.std() > 0


def test_a_generated_picture_fills_the_whole_range(
    voice: Path, weights: Path, tmp_path: Path
) -> None:
    picture = draw(voice, "voice2face", weights, tmp_path / "face.png")
    assert (picture.min(), picture.max()) == (0, 255)  # SPEC 3.1: stretched by its own range


def test_the_released_weights_are_read_as_they_are(voice: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    torch.save(VoiceEmbedding().state_dict(), tmp_path / "voice_embedding.pth")
    torch.save(Generator().state_dict(), tmp_path / "generator.pth")
    assert draw(voice, "voice2face", tmp_path, tmp_path / "face.png").shape == (64, 64, 3)
    (tmp_path / "voice_embedding.pth").write_bytes(b"no weights")
    with pytest.raises(ValueError, match=r"voice_embedding\.pth: not the released weights"):
        draw(voice, "voice2face", tmp_path, tmp_path / "face.png")


def test_what_cannot_be_drawn_says_why(voice: Path, weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "face.png"
    with pytest.raises(ValueError, match="train speech2face first"):
        draw(voice, "speech2face", tmp_path / "absent", out)
    with pytest.raises(ValueError, match="no weights yet"):
        draw(voice, "ar_spm", tmp_path, out)
    with pytest.raises(ValueError, match="network must be one of"):
        draw(voice, "wav2pix", weights, out)
    with pytest.raises(ValueError, match="no such file"):
        draw(tmp_path / "none.wav", "ar_spm", weights, out)
    assert not out.exists()


def test_too_little_speech_is_refused(weights: Path, tmp_path: Path) -> None:
    write_wav(tmp_path / "silence.wav", np.zeros(32000))
    with pytest.raises(ValueError, match="too_little_speech"):
        draw(tmp_path / "silence.wav", "voice2face", weights, tmp_path / "face.png")


def test_an_encoder_needs_its_own_decoder(voice: Path, weights: Path, tmp_path: Path) -> None:
    for name in ("speech2face", "face_decoder"):
        (tmp_path / name).symlink_to(weights / name)
    (tmp_path / "face_decoder").unlink()
    cole = {"mean_landmarks": MEAN_SHAPE.tolist(), "feature_dim": D, "code_dim": 9}
    save(tmp_path / "face_decoder", FaceDecoder, cole | {"texture_widths": [4, 4, 4, 4, 4]})
    with pytest.raises(ValueError, match="was trained with another face_decoder"):
        draw(voice, "speech2face", tmp_path, tmp_path / "face.png")


def test_the_command_writes_the_picture(voice: Path, weights: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flows.portrait", str(voice), "--network", "voice2face"]
    options = ["--weights", str(weights), "--out", str(tmp_path / "face.png")]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "face.png").is_file()
    options = ["--weights", str(tmp_path), "--out", str(tmp_path / "other.png")]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, "no weights yet" in done.stderr) == (1, True)
