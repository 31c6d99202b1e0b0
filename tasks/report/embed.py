"""Pictures inside a page: what is drawn stays PNG, what shows faces becomes WebP.

Line figures have a palette (tasks.report.figures), pictures of faces have none: by that the two are
told apart. The same picture gives the same bytes.
"""

import base64
import io
from collections.abc import Mapping
from typing import Any

from PIL import Image

from tasks.report.figures import quantise

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "png": {"optimize": True},
    "webp": {"quality": 85, "method": 6},  # at the size shown no difference is seen
}


def make_data_url(png: bytes, max_width: int | None = None) -> str:
    """Of a PNG, reduced to `max_width` pixels if it is wider."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        kind = "png" if image.mode == "P" else "webp"
        shown = image if kind == "png" else image.convert("RGB")
        if max_width is not None and image.width > max_width:
            shown = reduce(image.convert("RGB"), width=max_width)
            shown = quantise(shown) if kind == "png" else shown
        buffer = io.BytesIO()
        shown.save(buffer, kind, **OPTIONS[kind])
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def reduce(image: Image.Image, *, width: int) -> Image.Image:
    size = (width, round(image.height * width / image.width))
    return image.resize(size, Image.Resampling.LANCZOS)
