import hashlib

import numpy as np
import pytest
import torch

from models.vgg_face import VggFace
from tasks.face.align import crop_face_224
from tasks.face.boxes import Box
from tasks.face.detect import refine_box
from tasks.face.dlib_models import RESNET_FILE, find_model
from tasks.face.encoders import VggFaceEncoder, load_encoder


@pytest.fixture(scope="module")
def dlib_resnet():
    return load_encoder("dlib_resnet", weights=None, sha256=None)


@pytest.fixture(scope="module")
def faces(draw) -> np.ndarray:
    """Two pictures of one drawn person and one of another [3, 224, 224, 3]."""
    pictures = [draw(5), draw(5, yaw=0.15), draw(8)]
    start = Box(60, 68, 180, 188)
    return np.stack([crop_face_224(picture, refine_box(picture, start)) for picture in pictures])


def test_dlib_features_know_people_apart(dlib_resnet, faces):
    features = dlib_resnet.encode(faces)
    assert (features.shape, features.dtype) == ((3, 128), np.float32)
    same, other = (np.linalg.norm(features[0] - features[i]) for i in (1, 2))
    assert same < 0.45 < other


def test_dlib_features_do_not_depend_on_the_batch(dlib_resnet, faces):
    one_by_one = np.concatenate([dlib_resnet.encode(face[None]) for face in faces])
    np.testing.assert_array_equal(dlib_resnet.encode(faces), one_by_one)
    assert dlib_resnet.encode(faces[:0]).shape == (0, 128)


def test_the_weights_hash_is_that_of_the_file(dlib_resnet):
    content = find_model(RESNET_FILE).read_bytes()
    assert dlib_resnet.weight_sha256 == hashlib.sha256(content).hexdigest()
    with pytest.raises(ValueError, match="SHA-256"):
        load_encoder("dlib_resnet", weights=None, sha256="0" * 64)


def test_missing_weights_say_where_they_are_published_and_which_parameter_to_set(tmp_path):
    with pytest.raises(ValueError, match=r"compute_features\.weights.*vgg_face_dag\.pth \(https"):
        load_encoder("vgg_face", weights=None, sha256=None)
    with pytest.raises(ValueError, match=r"gone\.pth.*VGG_FACE\.t7 \(https"):
        load_encoder("vgg_face", weights=tmp_path / "gone.pth", sha256=None)
    with pytest.raises(ValueError, match="facenet"):
        load_encoder("facenet", weights=None, sha256=None)
    with pytest.raises(ValueError, match=r"face_recognition_models.*other\.dat|other\.dat"):
        find_model("other.dat")


@pytest.mark.parametrize("input_scale", ["mean", "unit"])
def test_input_scale(input_scale):
    torch.manual_seed(0)
    network = VggFace(
        conv_widths=(2, 2, 2, 2, 2), hidden_dim=4, feature_dim=3, num_identities=2
    ).eval()
    faces = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    images = torch.from_numpy(faces.transpose(0, 3, 1, 2).astype(np.float32))
    mean = torch.tensor((129.186279, 104.762382, 93.593964))[:, None, None]
    wanted = network(images - mean if input_scale == "mean" else images / 255)
    found = VggFaceEncoder(network, "", input_scale).encode(faces)
    np.testing.assert_allclose(found, wanted.detach().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "faces",
    [
        np.zeros((1, 224, 224, 3), np.float32),
        np.zeros((224, 224, 3), np.uint8),
        np.zeros((1, 3, 224, 224), np.uint8),
    ],
)
def test_other_arrays_are_refused(dlib_resnet, faces):
    with pytest.raises(ValueError, match=r"uint8 \[B, 224, 224, 3\]"):
        dlib_resnet.encode(faces)
