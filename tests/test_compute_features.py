from pathlib import Path

import numpy as np
import pytest

from tasks.compute_features import describe_encoder, encode_rows
from tasks.data.rows import Row
from tasks.media.images import encode_png
from tasks.outcomes import Outcome, Reason, Status
from tasks.params import FeatureParams
from tasks.records import AlignedFace


class MeanColour:
    """Stands in for an encoder: the mean of each channel."""

    name, weight_sha256, dimension = "mean colour", "0", 3

    def __init__(self) -> None:
        self.batch_sizes: list[int] = []

    def encode(self, faces: np.ndarray) -> np.ndarray:
        self.batch_sizes.append(len(faces))
        return faces.mean(axis=(1, 2)).astype(np.float32)


def make_row(number: int) -> Row[AlignedFace]:
    face = encode_png(np.full((224, 224, 3), number, np.uint8))
    record = AlignedFace(face, b"", [], [], 1.0, 0, 0.0, 1.0)
    return Row(Outcome(f"c{number}", Status.kept, "align_faces"), record)


def test_rows_keep_their_order_whatever_the_batches() -> None:
    lost = Row(Outcome("lost", Status.rejected, "align_faces", Reason.no_face), None)
    rows = [make_row(0), lost, make_row(2), make_row(3), lost, lost, lost, make_row(7)]
    for batch_size in (1, 3, 100):
        made = list(encode_rows(iter(rows), MeanColour(), batch_size=batch_size))
        assert [row.outcome.clip_id for row in made] == [row.outcome.clip_id for row in rows]
        values = [row.record.face_feature[0] for row in made if row.record]
        assert values == [0.0, 2.0, 3.0, 7.0]
        assert made[0].outcome.stage == "compute_features"
        assert made[1] == lost


def test_batches_are_no_larger_than_asked() -> None:
    encoder = MeanColour()
    list(encode_rows((make_row(i) for i in range(7)), encoder, batch_size=3))
    assert encoder.batch_sizes == [3, 3, 1]


def test_a_missing_weight_file_names_the_parameter(tmp_path: Path) -> None:
    params = FeatureParams(encoder="vgg_face", weights=tmp_path / "absent.pth")
    with pytest.raises(ValueError, match=r"compute_features\.weights.*absent\.pth"):
        describe_encoder(params)
    with pytest.raises(ValueError, match=r"set compute_features\.weights"):
        describe_encoder(FeatureParams(encoder="vgg_face"))


def test_the_built_in_encoder_needs_nothing() -> None:
    card = describe_encoder(FeatureParams())
    assert (card["encoder"], card["D"], len(card["encoder_sha256"])) == ("dlib_resnet", "128", 64)
