import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from models.vgg_face import VggFace
from tasks.data.readers import ShardIndex, read_index
from tasks.face.align import crop_face_224, map_to_crop
from tasks.face.boxes import Box
from tasks.face.encoders import load_encoder
from tasks.face.landmarks import find_landmarks
from tasks.params import FeatureParams
from tasks.training.face_judge import DlibJudge, Judge, VggJudge, describe_identity, open_judge
from tests.face.conftest import draw_picture
from tests.training_corpus import D, write_training_shards

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> ShardIndex:
    folder = tmp_path_factory.mktemp("data") / "shards"
    return read_index(write_training_shards(folder, num_people=2) / "pairs/train")


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Of shards whose features are as wide as dlib's."""
    folder = tmp_path_factory.mktemp("wide") / "shards"
    wide = read_index(write_training_shards(folder, num_people=2, dimension=128) / "pairs/train")
    judge = open_judge(FeatureParams(), device=CPU, index=wide, weight=1.0)
    assert judge is not None
    return judge


def draw_crops() -> tuple[np.ndarray, torch.Tensor]:
    """Stored crops uint8 [3, 224, 224, 3] of the sample corpus's people, landmarks [3, 68, 2]."""
    box, faces, landmarks = Box(60, 68, 180, 188), [], []
    for person in (3, 5, 8):
        picture = draw_picture(person)
        faces.append(crop_face_224(picture, box))
        landmarks.append(map_to_crop(find_landmarks(picture, box), box))
    return np.stack(faces), torch.tensor(np.stack(landmarks))


def test_dlibs_judge_sees_what_the_encoder_stores(judge: Judge) -> None:
    faces, landmarks = draw_crops()
    wanted = load_encoder("dlib_resnet", weights=None, sha256=None).encode(faces)
    pictures = torch.tensor(faces).permute(0, 3, 1, 2) / 255
    found = judge.embed(pictures, landmarks).numpy()
    assert np.linalg.norm(found - wanted, axis=1).max() < 0.15  # other drawn people: 0.59


def test_dlibs_judge_has_right_gradients(judge: Judge) -> None:
    assert isinstance(judge, DlibJudge)
    double = DlibJudge(copy.deepcopy(judge.network).double())
    _, landmarks = draw_crops()
    pictures = torch.rand(1, 3, 224, 224, dtype=torch.float64, requires_grad=True)  # no ties
    step = 1e-8 * torch.randn(pictures.shape, dtype=torch.float64)
    weights = torch.randn(128, dtype=torch.float64)
    (double.embed(pictures, landmarks[:1]) @ weights).sum().backward()
    ends = [double.embed(pictures.detach() + side * step, landmarks[:1]) for side in (1, -1)]
    difference = float(((ends[0] - ends[1]) @ weights).sum()) / 2
    assert pictures.grad is not None
    assert float((pictures.grad * step).sum()) == pytest.approx(difference, rel=1e-4)


def test_an_identity_term_without_weight_has_no_judge(index: ShardIndex) -> None:
    assert open_judge(FeatureParams(), device=CPU, index=index, weight=0) is None
    with pytest.raises(ValueError, match=f"{D} values, the network has 128"):
        open_judge(FeatureParams(), device=CPU, index=index, weight=1)


def test_cards_say_what_the_identity_term_is() -> None:
    dlib, vgg = FeatureParams(), FeatureParams("vgg_face")
    assert describe_identity(vgg, weight=1, num_judged=None) == ()
    (left_out,) = describe_identity(dlib, weight=0, num_judged=None)
    assert "left out" in left_out
    other, few = describe_identity(dlib, weight=1, num_judged=3)
    assert "dlib_resnet" in other
    assert "3 pictures" in few


def test_vgg_faces_judge_is_the_network_in_the_losses(index: ShardIndex, tmp_path: Path) -> None:
    network = VggFace(conv_widths=(1, 1, 1, 1, 1), hidden_dim=2, feature_dim=D, num_identities=3)
    torch.save(network.state_dict(), tmp_path / "vgg.pth")
    metadata = {**(index.schema.metadata or {}), b"encoder": b"vgg_face"}
    shards = ShardIndex(
        index.folder, index.schema.with_metadata(metadata), index.groups, index.keys
    )
    params = FeatureParams("vgg_face", weights=tmp_path / "vgg.pth")
    judge = open_judge(params, device=CPU, index=shards, weight=1)
    assert isinstance(judge, VggJudge)
    assert judge.embed(torch.rand(2, 3, 224, 224), torch.zeros(2, 68, 2)).shape == (2, D)
