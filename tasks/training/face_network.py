"""VGG-Face inside the losses: the only face network with a classifier."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from models.vgg_face import InputScale, VggFace, prepare_faces
from tasks.data.readers import ShardIndex, check_feature_width
from tasks.face.vgg_weights import load_vgg_face
from tasks.face.weight_files import check_weights
from tasks.params import FeatureParams

NO_CLASSIFIER = (
    "The face encoder {encoder} has no classifier: the terms that need one ({terms}) are left out."
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


def open_face_network(
    params: FeatureParams, *, device: torch.device, index: ShardIndex
) -> FaceNetwork | None:
    """None where the features are not VGG-Face's.

    ValueError if the weights are missing or not the ones named, or if the shards of `index` have
    features of another encoder.
    """
    check_encoder(params, index)
    if params.encoder != "vgg_face":
        return None
    weights = params.weights or Path()
    check_weights(weights, sha256=params.sha256)
    network = load_vgg_face(weights).to(device)
    check_feature_width(index, network.fc7.out_features)
    return FaceNetwork(network, params.input_scale)


def check_encoder(params: FeatureParams, index: ShardIndex) -> None:
    """ValueError if params.yaml names another face encoder than made the shards' features."""
    found = (index.schema.metadata or {}).get(b"encoder", params.encoder.encode()).decode()
    if found != params.encoder:
        raise ValueError(
            f"compute_features.encoder: {params.encoder!r}, but the features in {index.folder} are "
            f"of {found!r}; make the shards again"
        )


def describe_missing(params: FeatureParams, *, terms: str) -> tuple[str, ...]:
    """What the card says of loss terms that drop out with the classifier."""
    if params.encoder == "vgg_face":
        return ()
    return (NO_CLASSIFIER.format(encoder=params.encoder, terms=terms),)
