"""The face network inside the losses: only VGG-Face is differentiable and has a classifier."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from models.vgg_face import InputScale, VggFace, prepare_faces
from tasks.face.vgg_weights import load_vgg_face
from tasks.params import FeatureParams

NO_FACE_NETWORK = (
    "The face encoder {encoder} has neither gradients nor a classifier here: the terms that need "
    "them ({terms}) are left out."
)


@dataclass(frozen=True)
class FaceNetwork:
    """Frozen VGG-Face on the device."""

    network: VggFace
    input_scale: InputScale

    def embed(self, pictures: Tensor) -> Tensor:
        """fc7 [B, D] of pictures [B, 3, 224, 224] in [0, 1]."""
        features: Tensor = self.network(prepare_faces(pictures, input_scale=self.input_scale))
        return features

    def classify(self, features: Tensor) -> Tensor:
        return self.network.classify(features)


def open_face_network(params: FeatureParams, *, device: torch.device) -> FaceNetwork | None:
    """None where the features are not VGG-Face's."""
    if params.encoder != "vgg_face":
        return None
    weights = params.weights or Path()
    return FaceNetwork(load_vgg_face(weights).to(device), params.input_scale)


def describe_missing(params: FeatureParams, *, terms: str) -> tuple[str, ...]:
    """What the card says of loss terms that drop out."""
    if params.encoder == "vgg_face":
        return ()
    return (NO_FACE_NETWORK.format(encoder=params.encoder, terms=terms),)
