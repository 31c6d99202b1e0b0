import dlib
import numpy as np
import pytest
import torch

from models.dlib_resnet import DlibResnetNet, add_padded
from tasks.face.align import crop_face_224
from tasks.face.boxes import Box
from tasks.face.dlib_input import normalise_colours
from tasks.face.dlib_models import DETECTOR_FILE, RESNET_FILE, find_model
from tasks.face.encoders import cut_dlib_chip, load_encoder
from tasks.face.resnet_weights import load_resnet


@pytest.fixture(scope="module")
def dlibs_own():
    return dlib.face_recognition_model_v1(str(find_model(RESNET_FILE)))


def test_descriptors_of_faces_are_those_of_dlib(draw, dlibs_own):
    crops = [crop_face_224(draw(person), Box(60, 68, 180, 188)) for person in (3, 5, 8)]
    wanted = dlibs_own.compute_face_descriptor([cut_dlib_chip(crop) for crop in crops])
    found = load_encoder("dlib_resnet", weights=None, sha256=None).encode(np.stack(crops))
    np.testing.assert_allclose(found, np.array(wanted), atol=2e-6)


def test_descriptors_of_noise_are_those_of_dlib(dlibs_own):
    chip = np.random.default_rng(0).integers(0, 256, (150, 150, 3), dtype=np.uint8)
    with torch.inference_mode():
        found = load_resnet(find_model(RESNET_FILE))(normalise_colours(chip))[0].numpy()
    np.testing.assert_allclose(found, np.array(dlibs_own.compute_face_descriptor(chip)), atol=2e-6)


def test_parameters():
    assert sum(weight.numel() for weight in DlibResnetNet().parameters()) == 5_607_488


def test_the_smaller_maps_go_on_in_zeros():
    wide, deep = torch.ones(1, 1, 2, 3), torch.ones(1, 2, 1, 2)
    total = add_padded(wide, deep)
    assert total[0, 0].tolist() == [[2, 2, 1], [1, 1, 1]]
    assert total[0, 1].tolist() == [[1, 1, 0], [0, 0, 0]]


def test_another_file_of_dlib_is_refused():
    with pytest.raises(ValueError, match="not dlib's face descriptor network"):
        load_resnet(find_model(DETECTOR_FILE))
