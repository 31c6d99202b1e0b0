"""`start: speaker`: what is heard before faces are seen."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.ar_spm import SpeechEncoder
from models.speech2face import VoiceEncoder
from tasks.data.orders import build_generator
from tasks.params import DecayParams, LoopParams, SpeakerStartParams
from tasks.training.heard import hear
from tasks.training.precision import Precision
from tasks.training.speaker_package import load_speaker_encoder
from tasks.training.speaker_start import learn_speakers, read_lessons, vary
from tasks.training.stages import Job, Origin
from tests.training_corpus import NUM_FRAMES, D, write_training_shards

CPU = Precision(torch.device("cpu"))
PARAMS = SpeakerStartParams(
    loop=LoopParams(40, 8, log_every=10), rate=3e-3, decay=DecayParams(0.3, 30), seconds=2.62
)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_training_shards(tmp_path_factory.mktemp("data") / "shards")


def build_job(folder: Path) -> Job:
    return Job(folder / "out", folder / "checkpoints", Origin({}, "code", {}), CPU)


def build_encoder() -> SpeechEncoder:
    torch.manual_seed(0)
    return SpeechEncoder(feature_dim=D, width=1 / 16)


def test_less_of_the_speaker_embedding_is_left_unheard(shards: Path, tmp_path: Path) -> None:
    encoder = build_encoder()
    last = encoder.fc2.weight.clone()
    found = learn_speakers(encoder, shards, job=build_job(tmp_path), params=PARAMS)
    assert np.isfinite(found["val_speaker_error"])
    torch.testing.assert_close(encoder.fc2.weight, last)
    assert all(p.requires_grad for p in encoder.parameters())
    lines = (tmp_path / "checkpoints/speaker/training.csv").read_text().splitlines()
    first, final = (float(line.split(",")[2]) for line in (lines[1], lines[-1]))
    assert final < first


def test_an_interrupted_start_goes_on(shards: Path, tmp_path: Path) -> None:
    half = replace(PARAMS, loop=replace(PARAMS.loop, num_steps=20))
    whole = build_encoder()
    learn_speakers(whole, shards, job=build_job(tmp_path / "a"), params=PARAMS)
    learn_speakers(build_encoder(), shards, job=build_job(tmp_path / "b"), params=half)
    again = build_encoder()
    learn_speakers(again, shards, job=build_job(tmp_path / "b"), params=PARAMS)
    for one, other in zip(whole.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_what_the_encoders_hear_is_what_their_last_layer_reads() -> None:
    spectrograms = torch.randn(2, 2, NUM_FRAMES, 257)
    for network in (
        VoiceEncoder(feature_dim=D, width=1 / 32).eval(),
        SpeechEncoder(feature_dim=D, width=1 / 16).eval(),
    ):
        heard = network.listen(spectrograms)
        torch.testing.assert_close(network.fc2(heard), network(spectrograms))


def test_lessons_are_centred_over_the_training_voices(shards: Path) -> None:
    lessons = read_lessons(shards, device=torch.device("cpu"))
    known = hear(load_speaker_encoder(), shards / "pairs/train", device=torch.device("cpu"))
    table = lessons.look_up(known.clip_ids)
    torch.testing.assert_close(table.mean(dim=0), torch.zeros(256), atol=1e-4, rtol=0)
    torch.testing.assert_close(table.square().mean(), torch.tensor(1.0), atol=1e-4, rtol=0)
    x = known.embeddings.numpy()
    expected = (x[3] - x.mean(axis=0)) / np.sqrt(x.var(axis=0).mean())
    np.testing.assert_allclose(lessons.look_up(known.clip_ids[3:4])[0], expected, atol=1e-4)


def test_voices_vary_in_pitch_and_loudness() -> None:
    spectrograms = torch.zeros(4, 2, 10, 257)
    spectrograms[..., 98:103] = 1  # a single bin may fall between two that are taken
    places = set()
    for step in range(20):
        varied = vary(spectrograms, random=build_generator(step), warp=0.2)
        (place,) = {int(row) for row in varied[:, 0, 0].argmax(dim=1)}  # one pitch for a batch
        assert 98 / 1.23 - 1 < place < 98 * 1.23 + 1
        peaks = varied.amax(dim=(1, 2, 3))
        assert 0.7 <= peaks.min() < peaks.max() <= 1.3
        places.add(place)
    assert min(places) < 92 < 104 < max(places)
