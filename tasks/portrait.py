"""portrait: a face from a voice recording, by each of the three networks."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from models.ar_spm import SpeechEncoder
from models.ar_spm_decoder import FaceDecoder as ArSpmDecoder
from models.ar_spm_priors import get_variant
from models.face_decoder import FaceDecoder
from models.speech2face import VoiceEncoder
from models.voice2face import (
    Generator,
    VoiceEmbedding,
    normalise_embeddings,
    stretch_pictures,
)
from tasks.audio.logmel import compute_logmel
from tasks.audio.spectrogram import compute_spectrogram
from tasks.audio.vad import select_voiced
from tasks.data.samples import pair_up
from tasks.find_speech import find_speech
from tasks.media.extract import extract
from tasks.outcomes import Rejected
from tasks.params import Params
from tasks.records import Extract, Speech
from tasks.training.pictures import write_png
from tasks.training.priors import load_priors
from tasks.training.recordings import prepare_logmel
from tasks.training.weights import load_weights, read_card

NETWORKS = ("voice2face", "speech2face", "ar_spm")
RELEASED = {"embedding": "voice_embedding.pth", "generator": "generator.pth"}  # WEN's own
Samples = npt.NDArray[np.int16]


def draw_portrait(
    voice: Path, *, network: str, weights: Path, out: Path, params: Params
) -> tuple[int, int]:
    """Writes the face of the VOICE file (sound or video) as PNG; returns its height and width.

    `weights` is the folder of all trained weights, or for voice2face of the authors' released ones.
    ValueError for an unknown network, missing weights, a file that cannot be read or too little
    speech.
    """
    draw = open_network(network, weights, params=params)
    samples, speech = read_voice(voice, params=params)
    picture = draw(samples, speech)  # [3, H, W]
    out.parent.mkdir(parents=True, exist_ok=True)
    pixels = (picture.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0)
    write_png(out, pixels.contiguous())
    return pixels.shape[0], pixels.shape[1]


def read_voice(voice: Path, *, params: Params) -> tuple[Samples, Speech]:
    """16 kHz mono samples and where they are speech."""
    if not voice.is_file():
        raise ValueError(f"{voice}: no such file")
    try:
        found = extract(
            voice,
            start_s=0.0,
            duration_s=None,
            needs_video=False,
            needs_audio=True,
            params=params.extract_media,
            near_middle=True,
        )
        return _decode(found), _find_speech(found, params)
    except Rejected as refusal:
        raise ValueError(f"{voice}: {refusal.reason}: {refusal.message}") from None


def _decode(found: Extract) -> Samples:
    return np.frombuffer(found.audio or b"", dtype="<i2")  # [N]


def _find_speech(found: Extract, params: Params) -> Speech:
    speech = find_speech(found, params=params.find_speech)
    assert speech is not None
    return speech


Draw = Callable[[Samples, Speech], Tensor]


def open_network(network: str, weights: Path, *, params: Params) -> Draw:
    """From samples and speech to a picture [3, H, W] in [0, 1]."""
    openers = {
        "voice2face": _open_voice2face,
        "speech2face": _open_speech2face,
        "ar_spm": _open_ar_spm,
    }
    if network not in openers:
        raise ValueError(f"network must be one of {', '.join(NETWORKS)}; got {network!r}")
    if not weights.is_dir():
        raise ValueError(f"{weights}: no such folder of weights; train {network} first")
    return openers[network](weights, params.write_shards.spectrogram_s)


def _open_voice2face(weights: Path, _: float) -> Draw:
    embedding, generator = load_voice2face(weights)

    @torch.no_grad()
    def draw(samples: Samples, speech: Speech) -> Tensor:
        logmel = compute_logmel(select_voiced(samples, pair_up(speech.voiced)))  # [T, 64]
        unit = normalise_embeddings(embedding(prepare_logmel(logmel)))
        return stretch_pictures(generator(unit))[0]

    return draw


def load_voice2face(weights: Path) -> tuple[nn.Module, nn.Module]:
    """Trained here, or the authors' two files."""
    if (weights / RELEASED["generator"]).is_file():
        return (
            _load_released(VoiceEmbedding(), weights / RELEASED["embedding"]),
            _load_released(Generator(), weights / RELEASED["generator"]),
        )
    return (
        load_weights(weights / "voice_embedding", expected=VoiceEmbedding),
        load_weights(weights / "gan/generator", expected=Generator),
    )


def _load_released(network: nn.Module, path: Path) -> nn.Module:
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        network.load_state_dict(state, strict=True)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    except (RuntimeError, pickle.UnpicklingError, EOFError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: not the released weights: {error}") from None
    return network.eval().requires_grad_(False)


def _open_speech2face(weights: Path, seconds: float) -> Draw:
    encoder = load_weights(weights / "speech2face", expected=VoiceEncoder)
    decoder = load_weights(weights / "face_decoder", expected=FaceDecoder)
    _check_decoder(weights, "speech2face", "face_decoder")

    @torch.no_grad()
    def draw(samples: Samples, speech: Speech) -> Tensor:
        picture: Tensor = decoder(encoder(_prepare(samples, seconds))).picture
        return picture[0]

    return draw


def _open_ar_spm(weights: Path, seconds: float) -> Draw:
    encoder = load_weights(weights / "ar_spm", expected=SpeechEncoder)
    decoder = load_weights(weights / "ar_spm_decoder", expected=ArSpmDecoder)
    _check_decoder(weights, "ar_spm", "ar_spm_decoder")
    variant = get_variant(str(read_card(weights / "ar_spm").params["variant"]))
    prior = load_priors(
        weights / "priors",
        weights / "gender_classifier",
        variant=variant,
        device=torch.device("cpu"),
    )

    @torch.no_grad()
    def draw(samples: Samples, speech: Speech) -> Tensor:
        features = prior.bind(encoder)(_prepare(samples, seconds))
        picture: Tensor = decoder(features)
        return picture[0]

    return draw


def _prepare(samples: Samples, seconds: float) -> Tensor:
    """Spectrogram [1, 2, T, 257] of the first seconds (SPEC 2.2)."""
    return torch.from_numpy(compute_spectrogram(samples, seconds=seconds))[None]


def _check_decoder(weights: Path, encoder: str, decoder: str) -> None:
    """ValueError if the encoder was trained with another decoder."""
    wanted = read_card(weights / encoder).upstream.get(decoder)
    if wanted != read_card(weights / decoder).sha256:
        raise ValueError(f"{weights / encoder}: was trained with another {decoder} than is here")
