from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from models.ar_spm_decoder import FaceDecoder
from tasks.training.decoder_start import pass_maps, start_at_picture

NUM_FACES = 40


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def make_faces() -> tuple[Tensor, Tensor]:
    """Features [N, 8], and faces [N, 3, 224, 224] whose patches of 32 pixels follow from them."""
    features = torch.randn(NUM_FACES, 8)
    patches = torch.sigmoid(features @ torch.randn(8, 3 * 49)).unflatten(1, (3, 7, 7))
    return features, functional.interpolate(patches, 224, mode="bilinear")


def build_decoder(variant: Any = "repaired", *, width: float = 1 / 8) -> FaceDecoder:
    return FaceDecoder(feature_dim=8, code_dim=64, width=width, variant=variant)


@pytest.mark.parametrize("variant", ["repaired", "code"])
@torch.no_grad()
def test_the_first_pictures_are_like_the_faces(variant: Any) -> None:
    decoder, (features, faces) = build_decoder(variant), make_faces()
    start_at_picture(decoder, features, faces=faces)
    errors = (decoder.train()(features) - faces).abs().mean()
    assert errors < 0.6 * (faces.mean(dim=0) - faces).abs().mean()


@torch.no_grad()
def test_too_few_channels_for_colours_draw_in_grey() -> None:
    decoder, (features, faces) = build_decoder(width=1 / 64), make_faces()
    assert pass_maps(decoder)[1] < 3
    start_at_picture(decoder, features, faces=faces)
    assert decoder.train()(features).isfinite().all()


@pytest.mark.parametrize(
    ("channel", "row", "column"), [(0, 0, 0), (1, 0, 2), (2, 2, 0), (3, 2, 2), (8, 1, 0)]
)
@torch.no_grad()
def test_channels_of_the_first_map_are_places_of_the_picture(
    channel: int, row: int, column: int
) -> None:
    """Rows and columns are of the 4x4 blocks of 8 pixels that a place of the 7x7 map becomes."""
    decoder, maps = build_decoder(), torch.ones(1, 64, 7, 7)
    assert pass_maps(decoder) == (2, 4)
    other = maps.clone()
    other[0, channel, 3, 2] += 1
    drawn, changed = (decoder.eval().upsampling(value) for value in (maps, other))
    place = divmod(int((changed - drawn).abs().sum(dim=(0, 1)).argmax()), 224)
    assert (place[0] // 8, place[1] // 8) == (4 * 3 + row, 4 * 2 + column)
