import numpy as np
import pytest
from PIL import Image

from tasks.face.boxes import (
    Box,
    clip_box,
    frame_box,
    region_around_point,
    resize_box,
    to_pixels,
    widen_box,
)

BILINEAR = Image.Resampling.BILINEAR


def make_noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_box_arithmetic():
    box = Box(10, 20, 40, 80, 0.5)
    assert (box.width, box.height, box.center) == (30, 60, (25, 50))
    assert box.contains((10, 20))
    assert not box.contains((40, 50))
    assert widen_box(box, 2) == Box(-5, -10, 55, 110, 0.5)
    assert clip_box(widen_box(box, 2), (100, 50)) == Box(0, 0, 50, 100, 0.5)
    assert frame_box((100, 50, 3)) == Box(0, 0, 50, 100)
    assert to_pixels((0.5, 0.25), (100, 200, 3)) == (100, 25)


@pytest.mark.parametrize(
    ("point", "side_px", "wanted"),
    [
        ((0.5, 0.5), 40, Box(80, 30, 120, 70)),
        ((0.0, 1.0), 40, Box(0, 60, 40, 100)),
        ((0.95, 0.5), 150, Box(50, 0, 200, 100)),
        ((0.3, 0.3), 900, Box(0, 0, 200, 100)),
        ((1.5, -0.5), 40, Box(160, 0, 200, 40)),
    ],
)
def test_a_region_lies_inside_the_frame(point, side_px, wanted):
    assert region_around_point(point, (100, 200, 3), side_px=side_px) == wanted


def test_a_box_at_its_own_size_is_cut_out_unchanged():
    frame = make_noise(50, 60)
    found = resize_box(frame, Box(7, 9, 31, 29), size=(24, 20), resample=BILINEAR)
    np.testing.assert_array_equal(found, frame[9:29, 7:31])


def test_beyond_the_frame_its_border_goes_on():
    frame = make_noise(50, 60)
    found = resize_box(frame, Box(-10, 40, 20, 60), size=(30, 20), resample=BILINEAR)
    np.testing.assert_array_equal(
        found, np.pad(frame, ((10, 10), (10, 10), (0, 0)), "edge")[50:70, :30]
    )


def test_a_fractional_box_is_centred_where_it_says():
    frame = np.repeat(np.arange(0, 200, 10, dtype=np.uint8)[None, :, None], 4, axis=0)
    frame = np.repeat(frame, 3, axis=2)
    found = resize_box(frame, Box(5.5, 0, 7.5, 4), size=(1, 1), resample=BILINEAR)
    # Its middle is 6.5, the centre of column 6.
    assert found.tolist() == [[[60, 60, 60]]]
