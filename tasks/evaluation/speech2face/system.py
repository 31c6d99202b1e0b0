"""Speech2Face's weights opened: from voices to features, from features to pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.face_decoder import FaceDecoder
from models.speech2face import MIN_FRAMES, VoiceEncoder
from tasks.audio.spectrogram import HOP, SAMPLE_RATE
from tasks.data.readers import Group, ShardIndex, check_feature_width
from tasks.evaluation.held_out import read_spectrograms
from tasks.evaluation.picture_readings import open_encoder
from tasks.evaluation.scores import Floats
from tasks.params import FeatureParams
from tasks.training.encoders import count_frames
from tasks.training.precision import Precision, place_network
from tasks.training.weights import load_weights, read_card

SHORT_SECONDS = 3  # SPEC 5.3 Table 2: the model is asked with 3 s and with 6 s
DRAW_ROWS = 16


@dataclass(frozen=True)
class System:
    """The encoder of the headline and the decoder it was trained with."""

    encoder: VoiceEncoder
    decoder: FaceDecoder
    precision: Precision

    @torch.inference_mode()
    def draw(self, features: Floats) -> npt.NDArray[np.uint8]:
        """Pictures uint8 [N, 224, 224, 3] of features [N, D]."""
        parts = [np.empty((0, 224, 224, 3), np.uint8)]
        for start in range(0, len(features), DRAW_ROWS):
            block = np.ascontiguousarray(features[start : start + DRAW_ROWS], np.float32)
            pictures = self.decoder(torch.from_numpy(block).to(self.precision.device)).picture
            pixels = (pictures.float().clamp(0, 1) * 255).round().to(torch.uint8)
            parts.append(pixels.permute(0, 2, 3, 1).cpu().numpy())
        return np.concatenate(parts)


def open_system(
    encoder: Path,
    decoder: Path,
    index: ShardIndex,
    *,
    features: FeatureParams,
    precision: Precision,
) -> System:
    """ValueError for weights that do not fit each other, the shards or the face encoder."""
    network = open_voice_encoder(encoder, decoder, index, precision=precision)
    loaded = load_weights(decoder, expected=FaceDecoder)
    assert isinstance(loaded, FaceDecoder)
    check_face_encoder(features, index)
    return System(network, loaded.to(precision.device), precision)


def open_voice_encoder(
    folder: Path, decoder: Path, index: ShardIndex, *, precision: Precision
) -> VoiceEncoder:
    card = read_card(folder)
    check_feature_width(index, int(card.config["feature_dim"]))
    if card.upstream.get("face_decoder") != read_card(decoder).sha256:
        raise ValueError(f"{folder}: was trained with another face_decoder than {decoder}")
    network = load_weights(folder, expected=VoiceEncoder)
    assert isinstance(network, VoiceEncoder)
    place_network(network, precision)
    return network


def check_face_encoder(features: FeatureParams, index: ShardIndex) -> None:
    """ValueError unless the face encoder is the one that the shards' features are of."""
    wanted = (index.schema.metadata or {}).get(b"encoder_sha256", b"").decode()
    found = open_encoder(features).weight_sha256
    if found != wanted:
        raise ValueError(
            f"{index.folder}: features are of an encoder with SHA-256 {wanted}, "
            f"compute_features names one with {found}"
        )


def list_lengths(num_frames: int) -> dict[str, int]:
    """What the encoder is asked with, shortest first: "3 s" and all that is stored.

    By name, in frames; what is too short for the encoder is left out.
    """
    short, whole = count_frames(SHORT_SECONDS), f"{round(num_frames * HOP / SAMPLE_RATE, 1):g} s"
    lengths = {f"{SHORT_SECONDS} s": short} if MIN_FRAMES <= short < num_frames else {}
    return {**lengths, whole: num_frames}


@dataclass(frozen=True)
class Window:
    """Frames `start` to `stop` of a spectrogram; None is its end."""

    start: int = 0
    stop: int | None = None


@torch.inference_mode()
def hear(
    encoder: VoiceEncoder,
    index: ShardIndex,
    groups: Sequence[Group],
    *,
    windows: Mapping[str, Window],
    precision: Precision,
) -> dict[str, Floats]:
    """Features [N, D] of all voices of `groups`, by name of the part of each that is heard."""
    found: dict[str, list[Floats]] = {name: [] for name in windows}
    for block in read_spectrograms(index, groups):
        moved: Tensor = block.to(precision.device).contiguous(memory_format=torch.channels_last)
        for name, window in windows.items():
            with precision.autocast():
                heard = encoder(moved[:, :, window.start : window.stop])
            found[name].append(heard.float().cpu().numpy())
    return {name: np.concatenate(parts) for name, parts in found.items()}
