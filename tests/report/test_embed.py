"""Pictures inside a page: small, and still what they were."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tasks.report.embed import make_data_url
from tasks.report.figures import plot_bars
from tasks.report.networks.gallery import Row, paint_gallery


def open_url(url: str) -> tuple[str, Image.Image]:
    kind, _, content = url.removeprefix("data:image/").partition(";base64,")
    return kind, Image.open(io.BytesIO(base64.b64decode(content)), formats=[kind])


@pytest.fixture
def gallery() -> bytes:
    """Two smooth pictures of noise."""
    noise = np.random.default_rng(0).integers(0, 255, (2, 8, 8, 3), np.uint8)
    faces = [np.asarray(Image.fromarray(one).resize((224, 224))) for one in noise]
    return paint_gallery([Row("somebody", faces)], columns=["one", "two"])[0]


def test_faces_become_webp_and_are_hardly_changed(gallery: bytes) -> None:
    kind, shown = open_url(make_data_url(gallery))
    assert kind == "webp"
    assert len(make_data_url(gallery)) < len(gallery) / 3
    before, after = (
        np.asarray(image.convert("RGB"), np.float64)
        for image in (Image.open(io.BytesIO(gallery)), shown)
    )
    assert before.shape == after.shape
    assert np.abs(before - after).mean() < 2
    assert make_data_url(gallery) == make_data_url(gallery)


def test_line_figures_stay_as_they_are() -> None:
    png = plot_bars({"a": 1, "b": 2}, width=300)
    kind, shown = open_url(make_data_url(png))
    assert kind == "png"
    same = Image.open(io.BytesIO(png)).convert("RGB")
    assert np.array_equal(np.asarray(same), np.asarray(shown.convert("RGB")))


def test_previews_are_reduced_and_never_enlarged(gallery: bytes) -> None:
    png = plot_bars({"a": 1}, width=300)
    for content, kind in ((gallery, "webp"), (png, "png")):
        width = Image.open(io.BytesIO(content)).width
        assert open_url(make_data_url(content, 100))[1].width == 100
        assert open_url(make_data_url(content, 100))[0] == kind
        assert open_url(make_data_url(content, width + 1))[1].width == width
