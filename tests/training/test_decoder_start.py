from typing import Any

import pytest
import torch
from torch import Tensor

from models.ar_spm_decoder import FaceDecoder
from tasks.training.decoder_start import start_at_picture

COLOURS = torch.tensor([0.2, 0.5, 0.7])


def start_decoder(variant: Any = "repaired") -> FaceDecoder:
    decoder = FaceDecoder(feature_dim=8, code_dim=4, width=1 / 8, variant=variant)
    start_at_picture(decoder, torch.randn(8, 8), colours=COLOURS)
    return decoder


@torch.no_grad()
def draw(decoder: FaceDecoder, maps: Tensor) -> Tensor:
    picture: Tensor = decoder.eval().last_conv(decoder.upsampling(maps))
    return picture


@pytest.mark.parametrize("variant", ["repaired", "code"])
def test_pictures_begin_about_the_wanted_colours(variant: Any) -> None:
    with torch.no_grad():
        pictures = start_decoder(variant).train()(torch.randn(8, 8))
    torch.testing.assert_close(pictures.mean(dim=(0, 2, 3)), COLOURS, atol=0.15, rtol=0)


@pytest.mark.parametrize(("channel", "row", "column"), [(0, 0, 0), (1, 0, 2), (2, 2, 0), (8, 1, 0)])
def test_channels_of_the_first_map_are_places_of_the_picture(
    channel: int, row: int, column: int
) -> None:
    """Rows and columns are of the 4x4 blocks of 8 pixels that a place of the 7x7 map becomes."""
    decoder, maps = start_decoder(), torch.ones(1, 64, 7, 7)
    other = maps.clone()
    other[0, channel, 3, 2] += 1
    change = (draw(decoder, other) - draw(decoder, maps)).abs().sum(dim=(0, 1))  # [224, 224]
    place = divmod(int(change.argmax()), 224)
    assert place[0] // 8 == 4 * 3 + row
    assert place[1] // 8 == 4 * 2 + column
