"""dlib's models, by path from the package `face_recognition_models`, each loaded once a process."""

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

import dlib

PACKAGE = "face_recognition_models"
DETECTOR_FILE = "mmod_human_face_detector.dat"
LANDMARKS_FILE = "shape_predictor_68_face_landmarks.dat"  # 300-W: no commercial use
RESNET_FILE = "dlib_face_recognition_resnet_model_v1.dat"


def find_model(name: str) -> Path:
    """Raises ValueError if the package or the file is missing."""
    # Importing the package would need pkg_resources, which setuptools no longer has.
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ValueError(f"{PACKAGE} is not installed: it brings {name}")
    path = Path(spec.origin).parent / "models" / name
    if not path.is_file():
        raise ValueError(f"{path}: no such file; {PACKAGE} 0.3.0 has it")
    return path


@lru_cache(maxsize=1)
def load_detector() -> Any:
    """MMOD CNN of dlib (King 2015)."""
    return dlib.cnn_face_detection_model_v1(str(find_model(DETECTOR_FILE)))


@lru_cache(maxsize=1)
def load_frontal_detector() -> Any:
    """dlib's HOG detector: upright frontal faces only, at a fifth of the CNN's time."""
    return dlib.get_frontal_face_detector()


@lru_cache(maxsize=1)
def load_landmark_predictor() -> Any:
    """68 points in iBUG order (Kazemi and Sullivan 2014)."""
    return dlib.shape_predictor(str(find_model(LANDMARKS_FILE)))
