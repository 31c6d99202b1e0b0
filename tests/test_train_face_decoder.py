from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from models.face_decoder import FaceDecoder
from tasks.data.decoder_data import look_up, make_blends, read_normalised
from tasks.face.canonical_faces import read_canonical_faces
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
    identity_weight=0.0,
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


def write_targets(folder: Path, rows: list[tuple[str, int]]) -> Path:
    """A table of plain pictures, by clip, of a grey level."""
    lines = ["clip_id,picture"]
    for number, (clip_id, grey) in enumerate(rows):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((224, 224, 3), grey, np.uint8))
        lines.append(f"{clip_id},{number}.png")
    table = folder / "targets.csv"
    table.write_text("\n".join(lines) + "\n")
    return table


def test_targets_stand_in_for_the_stored_pictures(shards: Path, tmp_path: Path) -> None:
    table = write_targets(tmp_path, [(f"vid{n:04d}0_0-6000", 20 * n + 40) for n in range(9)])
    targets = read_canonical_faces(table)
    faces, rows = read_normalised(shards / "pairs/train", eyes_px=60.0, targets=targets)
    assert rows.features.shape == (6, D)  # one clip of each of six people has a target
    greys = faces.textures.float().mean(dim=(1, 2, 3))
    torch.testing.assert_close(greys, torch.arange(6) * 20.0 + 40)
    out = tmp_path / "weights/face_decoder"
    loop = LoopParams(2, 4, log_every=1)
    params = replace(PARAMS, targets=table, loop=loop)
    fit_face_decoder.fn(shards, out, "code", params, FeatureParams(), RunParams(1, 1))
    assert read_card(out).notes[0].startswith("Targets are the pictures")


def test_the_identity_term_sees_rendered_pictures(tmp_path: Path) -> None:
    shards = write_training_shards(tmp_path / "shards", num_people=2, dimension=128)
    loop = LoopParams(2, 4, log_every=1)
    params = replace(PARAMS, identity_weight=10.0, num_judged=1, loop=loop)
    out = tmp_path / "weights/face_decoder"
    fit_face_decoder.fn(shards, out, "code", params, FeatureParams(), RunParams(1, 1))
    assert (out / "log.csv").read_text().startswith("step,rate,loss,landmarks,texture,identity\n")
    notes = read_card(out).notes
    assert any("features of dlib_resnet" in note for note in notes)
    assert any("sees 1 pictures" in note for note in notes)
    assert not any("left out" in note for note in notes)


def test_bad_tables_of_targets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such file"):
        read_canonical_faces(tmp_path / "none.csv")
    table = write_targets(tmp_path, [("a", 0), ("a", 1)])
    with pytest.raises(ValueError, match=r"targets\.csv:3: value 'a': named twice"):
        read_canonical_faces(table)
    table.write_text("clip_id\na\n")
    with pytest.raises(ValueError, match=r"targets\.csv:1: no column picture"):
        read_canonical_faces(table)
    table.write_text("clip_id,picture\na,none.png\n")
    with pytest.raises(ValueError, match=r"targets\.csv:2: .*none\.png"):
        read_canonical_faces(table)
