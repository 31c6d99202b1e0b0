"""VGG-Face from scratch on aligned faces that the test draws itself."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.data.aligned_faces import read_aligned_batches, read_face_rows, read_faces_index
from tasks.data.rows import Row, reject, write_rows
from tasks.data.shards import shard_path
from tasks.face.encoders import load_encoder
from tasks.list_clips import assign_shards
from tasks.media.images import encode_png
from tasks.outcomes import Outcome, Reason, Rejected, Status
from tasks.params import LoopParams, RunParams, SplitParams, VggFaceParams
from tasks.records import ALIGNED_FACE_SCHEMA, AlignedFace, Clip, Kind
from tasks.train_vgg_face import fit_vgg_face
from tasks.training.weights import read_card

NUM_PEOPLE, PICTURES = 6, 4
SPLIT = SplitParams(rule="auto")
PARAMS = VggFaceParams(
    loop=LoopParams(100, 8, log_every=20, save_every=100, validate_every=100),
    rate=0.01,
    milestones=[80],
    conv_widths=[4, 8, 8, 16, 16],
    hidden_dim=64,
    feature_dim=32,
)


def draw_face(person: int, picture: int) -> NDArray[np.uint8]:
    """A plain of the person's colour with a mark of the picture's."""
    colour = np.random.default_rng(person).integers(0, 256, 3)
    face = np.full((224, 224, 3), colour, np.uint8)
    cv2.circle(face, (60 + 30 * picture, 112), 20, (255, 255, 255), -1)
    return face


def make_clip(person: int, picture: int) -> Clip:
    name = f"p{person}-{picture}"
    split = ("train", "train", "train", "train", "test", "test")[person]
    return Clip(
        f"{name}_0-end",
        "folder",
        Kind.face,
        name,
        identity=None if (person, picture) == (0, 3) else f"person-{person}",
        listed_split=split,
        picture=f"{name}.png",
    )


def make_row(clip: Clip, face: NDArray[np.uint8], *, kept: bool) -> Row[AlignedFace]:
    if not kept:
        return Row(reject(clip.clip_id, "align_faces", Rejected(Reason.no_face, "none")), None)
    record = AlignedFace(
        encode_png(face),
        face[::4, ::4][:64, :64].tobytes()[:12288].ljust(12288, b"\0"),
        [0.0] * 136,
        [0.0] * 4,
        1.0,
        0,
        0.0,
        1.0,
    )
    return Row(Outcome(clip.clip_id, Status.kept, "align_faces"), record)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people with four pictures each, of which one has no name and one no face."""
    root = tmp_path_factory.mktemp("data")
    places = [(person, picture) for person in range(NUM_PEOPLE) for picture in range(PICTURES)]
    clips = [make_clip(*place) for place in places]
    assign_shards(clips, out=root / "clips", shard_size=16)
    for index in range(2):
        part = slice(16 * index, 16 * index + 16)
        rows = [
            make_row(clip, draw_face(*place), kept=place != (1, 0))
            for clip, place in zip(clips[part], places[part], strict=True)
        ]
        write_rows(
            shard_path(root / "faces", index),
            rows,
            ALIGNED_FACE_SCHEMA,
            index=index,
            metadata={"key": f"faces-{index}"},
        )
    return root


def test_rows_name_the_kept_faces_of_named_people(data: Path) -> None:
    rows = read_face_rows(data / "clips", data / "faces", SPLIT)
    named = [row.clip_id for row in rows if row.identity is not None]
    assert len(rows) == NUM_PEOPLE * PICTURES
    assert len(named) == len(rows) - 2
    assert not {"p0-3_0-end", "p1-0_0-end"} & set(named)


def test_wanted_faces_come_in_order(data: Path) -> None:
    wanted = np.zeros(NUM_PEOPLE * PICTURES, bool)
    wanted[[2, 9, 17]] = True
    found = [
        face
        for part in read_aligned_batches(read_faces_index(data / "faces"), wanted, batch_size=2)
        for face in part.numpy()
    ]
    for face, place in zip(found, [(0, 2), (2, 1), (4, 1)], strict=True):
        np.testing.assert_array_equal(face, draw_face(*place))


def test_it_learns_who_is_who_and_is_an_encoder(data: Path) -> None:
    out = data / "weights/vgg_face"
    metrics = fit_vgg_face.fn(
        data / "clips", data / "faces", out, "code", PARAMS, SPLIT, RunParams(1, 1)
    )
    assert metrics["held_out_chance"] == pytest.approx(1 / 4)
    assert metrics["held_out_accuracy"] >= 0.5
    assert 0 <= metrics["test_matching"] <= 1
    card = read_card(out)
    assert set(card.labels or {}) == {f"person-{n}" for n in range(4)}
    path = out / "model.safetensors"
    encoder = load_encoder("vgg_face", weights=path, sha256=card.sha256, device="cpu")
    assert encoder.dimension == 32
    faces = np.stack([draw_face(0, 0), draw_face(5, 2)])
    assert encoder.encode(faces).shape == (2, 32)


def test_weights_trained_here_are_named_by_their_hash(data: Path) -> None:
    path = data / "weights/vgg_face/model.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(b"x")
    with pytest.raises(ValueError, match=r"compute_features\.sha256"):
        load_encoder("vgg_face", weights=path, sha256=None)


def test_a_single_training_person_is_refused(data: Path) -> None:
    everybody_tests = SplitParams(rule="hash", val_share=0.0, test_share=1.0)
    with pytest.raises(ValueError, match="0 identities"):
        fit_vgg_face.fn(
            data / "clips",
            data / "faces",
            data / "weights/none",
            "code",
            PARAMS,
            everybody_tests,
            RunParams(1, 1),
        )
