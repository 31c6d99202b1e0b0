"""The two stages of Wen et al. on a made-up corpus."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

import tasks.train_voice_embedding
from models.voice2face import FaceEmbedding, Generator, IdentityHead, VoiceEmbedding
from tasks.params import GanParams, LoopParams, RunParams, VoiceEmbeddingParams
from tasks.train_gan import fit_gan, spread_generator
from tasks.train_voice_embedding import fit_voice_embedding
from tasks.training.interrupts import Interrupted
from tasks.training.weights import load_weights, read_card
from tests.training_corpus import write_training_shards

RUN = RunParams(training_threads=1)
VOICE = VoiceEmbeddingParams(
    loop=LoopParams(30, 8, log_every=5, save_every=10, validate_every=15),
    milestones=[20],
    held_out=1,
    channels=[16, 16, 16, 16],
)
GAN = GanParams(
    loop=LoopParams(4, 6, log_every=2, save_every=2, draw_every=4),
    generator_channels=[8, 8, 8, 8, 8],
    trunk_channels=[4, 4, 8, 8, 8],
)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_training_shards(tmp_path_factory.mktemp("data") / "shards")


@pytest.fixture(scope="module")
def embedding(shards: Path) -> Path:
    out = shards.parent / "weights/voice_embedding"
    fit_voice_embedding.fn(shards, out, "code", VOICE, RUN)
    return out


def train_voice(shards: Path, out: Path, **changes: Any) -> dict[str, float]:
    return fit_voice_embedding.fn(shards, out, changes.pop("code", "code"), VOICE, RUN)


def test_the_voice_embedding_learns_the_speakers(embedding: Path) -> None:
    card = read_card(embedding)
    assert card.metrics["held_out_accuracy"] > 3 * card.metrics["held_out_chance"]
    assert card.metrics["test_matching"] > 0.5
    assert card.network == "models.voice2face.VoiceEmbedding"
    assert len(card.labels or {}) == 8
    assert set(card.data) == {"voices/train"}
    network = load_weights(embedding, expected=VoiceEmbedding)
    assert network(torch.zeros(1, 64, 300)).shape == (1, 64)


def test_logs_are_left_beside_the_weights(embedding: Path) -> None:
    assert (embedding / "log.csv").read_text().startswith("step,rate,loss,identity,accuracy\n")
    assert len((embedding / "validation.csv").read_text().splitlines()) == 3


def test_a_killed_run_goes_on_to_the_same_bytes(
    shards: Path, embedding: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, calls = tmp_path / "weights/voice_embedding", []
    unpatched = tasks.train_voice_embedding.compute_losses

    def kill_at_12(*args: Any, **named: Any) -> Any:
        calls.append(0)
        if len(calls) == 12:
            os.kill(os.getpid(), signal.SIGTERM)
        return unpatched(*args, **named)

    monkeypatch.setattr(tasks.train_voice_embedding, "compute_losses", kill_at_12)
    with pytest.raises(Interrupted):
        train_voice(shards, out)
    assert not out.exists()
    train_voice(shards, out)
    assert len(calls) == 30
    for name in ("model.safetensors", "card.json", "log.csv", "validation.csv"):
        assert (out / name).read_bytes() == (embedding / name).read_bytes(), name


def test_a_finished_run_is_not_trained_again(
    shards: Path, embedding: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (embedding / "card.json").read_bytes()

    def refuse(*args: Any, **named: Any) -> Any:
        raise AssertionError("trained again")

    monkeypatch.setattr(tasks.train_voice_embedding, "compute_losses", refuse)
    train_voice(shards, embedding)
    assert (embedding / "card.json").read_bytes() == before


def test_a_single_speaker_is_refused(tmp_path: Path) -> None:
    shards = write_training_shards(tmp_path / "shards", num_people=2, clips_each=1)
    (shards / "voices/train/shard-00000.parquet").unlink()
    with pytest.raises(ValueError, match="this split of the data set is empty"):
        train_voice(shards, tmp_path / "weights/voice_embedding")


def test_a_batch_larger_than_the_data_is_refused(tmp_path: Path) -> None:
    shards = write_training_shards(tmp_path / "shards", num_people=2)
    with pytest.raises(ValueError, match="4 rows for a batch of 8"):
        train_voice(shards, tmp_path / "weights/voice_embedding")


def train_gan(shards: Path, embedding: Path, out: Path) -> dict[str, float]:
    return fit_gan.fn(shards, embedding, out, "code", GAN, VOICE, RUN)


def test_the_gan_leaves_four_networks_and_pictures(
    shards: Path, embedding: Path, tmp_path: Path
) -> None:
    out = tmp_path / "weights/gan"
    metrics = train_gan(shards, embedding, out)
    assert metrics["held_out_chance"] == 1 / 8
    assert 0 <= metrics["test_matching"] <= 1
    generator = load_weights(out / "generator", expected=Generator)
    assert generator(torch.zeros(2, 64)).shape == (2, 3, 64, 64)
    load_weights(out / "face_embedding", expected=FaceEmbedding)
    load_weights(out / "classifier", expected=IdentityHead)
    assert (out / "pictures/step-00000004.png").read_bytes().startswith(b"\x89PNG")
    card = read_card(out / "generator")
    assert card.upstream == {"voice_embedding": read_card(embedding).sha256}


def test_the_gan_needs_a_voice_embedding(shards: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no weights yet"):
        train_gan(shards, tmp_path / "absent", tmp_path / "weights/gan")


def measure_variety(generator: Generator) -> float:
    """Share of the pictures' deviation that is between voices, at the same pixel."""
    units = torch.nn.functional.normalize(torch.randn(32, 64), dim=1)
    with torch.no_grad():
        pictures = generator(units)
    return float(pictures.std(dim=0).mean() / pictures.std())


def test_a_spread_generator_draws_voices_differently() -> None:
    torch.manual_seed(0)
    generator = Generator(channels=[128, 64, 32, 16, 16])
    assert measure_variety(generator) < 0.05
    spread_generator(generator)
    assert measure_variety(generator) > 0.5
    first = generator.model[0](torch.nn.functional.normalize(torch.randn(64, 64, 1, 1), dim=1))
    assert 0.8 < float(first.detach().square().mean()) / 2 < 1.2
