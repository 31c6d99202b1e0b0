from pathlib import Path

import numpy as np
import pytest
import torch

from models.face_decoder import FaceDecoder
from tasks.data.decoder_data import look_up, make_blends, read_normalised
from tasks.params import FaceDecoderParams, FeatureParams, LoopParams, RunParams
from tasks.train_face_decoder import fit_face_decoder
from tasks.training.weights import load_weights, read_card
from tests.training_corpus import D, read_losses, write_training_shards

PARAMS = FaceDecoderParams(
    loop=LoopParams(30, 4, log_every=10, save_every=30, validate_every=0, draw_every=30),
    rate=1e-2,
    eyes_px=60.0,
    num_blends=0,
    code_dim=32,
    landmark_widths=[16],
    texture_widths=[8, 8, 8, 8, 8],
)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_training_shards(tmp_path_factory.mktemp("data") / "shards", num_people=6)


def test_it_learns_and_says_what_it_left_out(shards: Path) -> None:
    out = shards.parent / "weights/face_decoder"
    metrics = fit_face_decoder.fn(shards, out, "code", PARAMS, FeatureParams(), RunParams(1, 1))
    assert metrics["test_mae_constant"] > 0
    losses = read_losses(out)
    assert losses[-1] < 0.95 * losses[0]
    decoder = load_weights(out, expected=FaceDecoder)
    decoded = decoder(torch.zeros(1, D))
    assert decoded.picture.shape == (1, 3, 224, 224)
    card = read_card(out)
    assert card.face_encoder["encoder"] == "dlib_resnet"
    assert any("identity" in note for note in card.notes)
    assert (out / "pictures/step-00000030.png").is_file()


def test_each_person_is_normalised_once(shards: Path) -> None:
    faces, rows = read_normalised(shards / "pairs/train", eyes_px=60.0)
    assert faces.people == [f"person-{number:04d}" for number in range(6)]
    assert faces.textures.shape == (6, 3, 224, 224)
    assert rows.features.shape == (18, D)
    assert rows.first.tolist() == [number for number in range(6) for _ in range(3)]
    few, _ = read_normalised(shards / "pairs/train", eyes_px=60.0, max_people=2)
    assert len(few.people) == 2


def test_blends_lie_between_two_people(shards: Path) -> None:
    faces, _ = read_normalised(shards / "pairs/train", eyes_px=60.0)
    seen = []

    def encode(pictures: np.ndarray) -> np.ndarray:
        seen.append(pictures)
        return np.zeros((len(pictures), D), np.float32)

    rows = make_blends(
        faces, count=5, num_neighbours=2, landmark_weight=10.0, seed=0, encode=encode
    )
    assert (seen[0].shape, seen[0].dtype) == ((5, 224, 224, 3), np.uint8)
    assert (rows.first != rows.second).all()
    shapes, textures = look_up(faces, rows, torch.tensor([3]))
    a, b, share = rows.first[3], rows.second[3], rows.landmarks[3]
    expected = (1 - share) * faces.landmarks[a] + share * faces.landmarks[b]
    torch.testing.assert_close(shapes[0], expected)
    ends = faces.textures[torch.stack((a, b))].float() / 255
    assert (textures[0] >= ends.amin(dim=0) - 1e-5).all()
    assert (textures[0] <= ends.amax(dim=0) + 1e-5).all()


def test_a_single_person_is_refused(tmp_path: Path) -> None:
    shards = write_training_shards(tmp_path / "shards", num_people=2)
    params = FaceDecoderParams(loop=LoopParams(1, 1), max_people=1)
    with pytest.raises(ValueError, match="faces of a single person"):
        fit_face_decoder.fn(
            shards, tmp_path / "weights/x", "code", params, FeatureParams(), RunParams(1, 1)
        )
