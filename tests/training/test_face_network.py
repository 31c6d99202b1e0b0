"""Bad input is refused before anything is trained."""

from pathlib import Path

import pytest
import torch

from models.vgg_face import VggFace
from tasks.data.readers import ShardIndex, read_index
from tasks.face.encoders import choose_device
from tasks.params import FeatureParams
from tasks.training.face_network import open_face_network
from tests.training_corpus import D, write_training_shards

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> ShardIndex:
    folder = tmp_path_factory.mktemp("data") / "shards"
    return read_index(write_training_shards(folder, num_people=4) / "pairs/train")


def save_small_vgg(path: Path, *, feature_dim: int) -> Path:
    network = VggFace(
        conv_widths=(1, 1, 1, 1, 1), hidden_dim=2, feature_dim=feature_dim, num_identities=3
    )
    torch.save(network.state_dict(), path)
    return path


def rename_encoder(index: ShardIndex, name: str) -> ShardIndex:
    metadata = {**(index.schema.metadata or {}), b"encoder": name.encode()}
    return ShardIndex(index.folder, index.schema.with_metadata(metadata), index.groups, index.keys)


def test_dlibs_features_have_no_network(index: ShardIndex) -> None:
    assert open_face_network(FeatureParams(), device=CPU, index=index) is None


def test_shards_of_another_encoder_are_refused(index: ShardIndex, tmp_path: Path) -> None:
    params = FeatureParams("vgg_face", weights=save_small_vgg(tmp_path / "a.pth", feature_dim=D))
    with pytest.raises(ValueError, match=r"compute_features\.encoder: 'vgg_face'.*dlib_resnet"):
        open_face_network(params, device=CPU, index=index)


def test_missing_and_other_weights_are_refused(index: ShardIndex, tmp_path: Path) -> None:
    vgg = rename_encoder(index, "vgg_face")
    with pytest.raises(ValueError, match="no such file"):
        open_face_network(
            FeatureParams("vgg_face", weights=tmp_path / "none.pth"), device=CPU, index=vgg
        )
    path = save_small_vgg(tmp_path / "a.pth", feature_dim=D)
    with pytest.raises(ValueError, match="SHA-256"):
        open_face_network(
            FeatureParams("vgg_face", weights=path, sha256="0" * 64), device=CPU, index=vgg
        )


def test_features_of_another_width_are_refused(index: ShardIndex, tmp_path: Path) -> None:
    vgg = rename_encoder(index, "vgg_face")
    path = save_small_vgg(tmp_path / "a.pth", feature_dim=D + 1)
    with pytest.raises(ValueError, match=f"{D} values, the network has {D + 1}"):
        open_face_network(FeatureParams("vgg_face", weights=path), device=CPU, index=vgg)
    good = save_small_vgg(tmp_path / "b.pth", feature_dim=D)
    network = open_face_network(FeatureParams("vgg_face", weights=good), device=CPU, index=vgg)
    assert network is not None
    assert network.classify(torch.zeros(2, D)).shape == (2, 3)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="0 GPUs"):
        choose_device("cuda")
