"""Face encoders: faces as stored, 224×224, to feature vectors."""

from pathlib import Path
from typing import Protocol

import dlib
import numpy as np
import torch
from numpy.typing import NDArray

from models.vgg_face import InputScale, VggFace, prepare_faces
from tasks.face.align import CROP_PX
from tasks.face.boxes import Picture
from tasks.face.dlib_input import normalise_colours
from tasks.face.dlib_models import RESNET_FILE, find_model, load_landmark_predictor
from tasks.face.resnet_weights import load_resnet
from tasks.face.vgg_weights import PUBLISHED, load_vgg_face
from tasks.face.weight_files import check_weights

Features = NDArray[np.float32]

# dlib's face chip (SPEC 2.3) reaches a seventh beyond a tight box on each side.
CHIP_PX = 150
CHIP_PADDING = 0.25
BORDER_PX = 56


class FaceEncoder(Protocol):
    """Turns faces uint8 [B, 224, 224, 3] RGB into features float32 [B, dimension]."""

    name: str
    weight_sha256: str
    dimension: int

    def encode(self, faces: Picture) -> Features: ...


def load_encoder(
    name: str,
    *,
    weights: Path | None,
    sha256: str | None,
    device: str = "auto",
    input_scale: InputScale = "mean",
) -> FaceEncoder:
    """`dlib_resnet` (128-D; weights from its package if None) or `vgg_face` (fc7, 4096-D).

    Raises ValueError if the weights are missing or their SHA-256 is not `sha256`.
    """
    if name == "dlib_resnet":
        path = weights or find_model(RESNET_FILE)
        return DlibResnet(path, check_weights(path, sha256=sha256))
    if name == "vgg_face":
        if weights is None:
            raise ValueError(
                f"encoder vgg_face: set compute_features.weights to a file of {PUBLISHED}, "
                "or to what stage train_vgg_face leaves"
            )
        digest = check_weights(weights, sha256=sha256)
        network = load_vgg_face(weights).to(choose_device(device))
        return VggFaceEncoder(network, digest, input_scale)
    raise ValueError(f"encoder {name!r}: known are dlib_resnet, vgg_face")


def choose_device(name: str) -> torch.device:
    """`auto` is a GPU where there is one; ValueError where one is demanded and there is none."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"compute_features.device: {name!r}, but {torch.cuda.device_count()} GPUs are there"
        )
    return device


def check_faces(faces: Picture) -> None:
    if faces.dtype != np.uint8 or faces.ndim != 4 or faces.shape[1:] != (CROP_PX, CROP_PX, 3):
        raise ValueError(
            f"faces must be uint8 [B, 224, 224, 3], got {faces.dtype} {list(faces.shape)}"
        )


class DlibResnet:
    """dlib's 128-D descriptor of the face in a stored crop.

    Run by torch, a face at a time so that a descriptor depends on nothing but its face: dlib's own
    to 1e-6 (tests/face/test_resnet.py), in a ninth of the time.
    """

    name = "dlib_resnet"
    dimension = 128

    def __init__(self, weights: Path, weight_sha256: str) -> None:
        self.weight_sha256 = weight_sha256
        self._network = load_resnet(weights)

    @torch.inference_mode()
    def encode(self, faces: Picture) -> Features:
        check_faces(faces)
        found = np.empty((len(faces), self.dimension), np.float32)  # [B, D]
        for row, face in enumerate(faces):
            found[row] = self._network(normalise_colours(cut_dlib_chip(face)))[0]
        return found


def cut_dlib_chip(face: Picture) -> Picture:
    """The 150×150 chip that dlib's descriptor wants, of a stored crop [224, 224, 3].

    The crop is the face's box, so the landmarks are looked for in all of it. The chip reaches
    beyond it; there the border pixels go on. Measured on 36 videos: the descriptor is 0.17 (0.31
    at most) away from that of the whole frame, different people are 0.8 apart, limit 0.6.
    """
    border = ((BORDER_PX, BORDER_PX), (BORDER_PX, BORDER_PX), (0, 0))
    padded = np.pad(face, border, mode="edge")
    last = BORDER_PX + CROP_PX - 1
    shape = load_landmark_predictor()(padded, dlib.rectangle(BORDER_PX, BORDER_PX, last, last))
    return np.asarray(dlib.get_face_chip(padded, shape, CHIP_PX, CHIP_PADDING))


class VggFaceEncoder:
    """fc7 of VGG-Face before its ReLU (SPEC 3.3)."""

    name = "vgg_face"

    def __init__(self, network: VggFace, weight_sha256: str, input_scale: InputScale) -> None:
        self.weight_sha256 = weight_sha256
        self.dimension = network.fc7.out_features
        self._network, self._input_scale = network, input_scale
        self._device = network.fc7.weight.device

    @torch.inference_mode()
    def encode(self, faces: Picture) -> Features:
        check_faces(faces)
        pixels = torch.tensor(faces, device=self._device).permute(0, 3, 1, 2)  # [B, 3, 224, 224]
        images = prepare_faces(pixels / 255, input_scale=self._input_scale)
        # bfloat16 keeps three digits: enough on a GPU, and slower than float32 without one.
        with torch.autocast("cuda", torch.bfloat16, enabled=self._device.type == "cuda"):
            features: torch.Tensor = self._network(images)  # [B, D]
        return np.asarray(features.float().cpu().numpy(), dtype=np.float32)
