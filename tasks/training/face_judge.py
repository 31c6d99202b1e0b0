"""Face encoders that see a decoder's pictures and that gradients pass through."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from models.dlib_chip import cut_chips
from models.dlib_resnet import DIMENSION, DlibResnetNet
from tasks.data.readers import ShardIndex, check_feature_width
from tasks.face.dlib_input import normalise_batch
from tasks.face.dlib_models import RESNET_FILE, find_model
from tasks.face.resnet_weights import load_resnet
from tasks.face.weight_files import check_weights
from tasks.params import FeatureParams
from tasks.training.face_network import FaceNetwork, check_encoder, open_face_network

LEFT_OUT = (
    "identity_weight is 0: the term between the face feature of the decoder's picture and the "
    "wanted one is left out."
)
OTHER_ENCODER = "The identity term compares features of {encoder}, where papers have VGG-Face's."
FEW_JUDGED = "The identity term sees {count} pictures of each batch."


class Judge(Protocol):
    """A frozen face encoder on the device."""

    def embed(self, pictures: Tensor, landmarks: Tensor) -> Tensor:
        """Features [B, D] of pictures [B, 3, 224, 224] in [0, 1] with landmarks [B, 68, 2]."""
        ...


@dataclass(frozen=True)
class VggJudge:
    """VGG-Face's fc7 of whole pictures."""

    face_network: FaceNetwork

    def embed(self, pictures: Tensor, landmarks: Tensor) -> Tensor:
        return self.face_network.embed(pictures)


@dataclass(frozen=True)
class DlibJudge:
    """dlib's descriptor of the chip that the landmarks show.

    0.01 away from tasks.face.encoders.DlibResnet where its landmarks are those that this looks for
    itself, 0.04 at those of the shards (64 drawn faces; 0.14 at most).
    """

    network: DlibResnetNet

    def embed(self, pictures: Tensor, landmarks: Tensor) -> Tensor:
        features: Tensor = self.network(normalise_batch(255 * cut_chips(pictures, landmarks)))
        return features


def open_judge(
    params: FeatureParams, *, device: torch.device, index: ShardIndex, weight: float
) -> Judge | None:
    """The encoder of `index`'s features, for a loss term of `weight`; None where that is 0.

    ValueError as `open_face_network`.
    """
    check_encoder(params, index)
    if weight == 0:
        return None
    if (face_network := open_face_network(params, device=device, index=index)) is not None:
        return VggJudge(face_network)
    check_feature_width(index, DIMENSION)
    weights = params.weights or find_model(RESNET_FILE)
    check_weights(weights, sha256=params.sha256)
    return DlibJudge(load_resnet(weights).to(device))


def describe_identity(
    params: FeatureParams, *, weight: float, num_judged: int | None
) -> tuple[str, ...]:
    """What the card says of a decoder's identity term, where it is not the paper's."""
    if weight == 0:
        return (LEFT_OUT,)
    other = OTHER_ENCODER.format(encoder=params.encoder)
    few = FEW_JUDGED.format(count=num_judged)
    return (other,) * (params.encoder != "vgg_face") + (few,) * (num_judged is not None)
