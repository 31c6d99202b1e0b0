"""Files of face-network weights: there, and the ones that are meant."""

import hashlib
from pathlib import Path

from tasks.face.vgg_weights import PUBLISHED

TRAINED = ".safetensors"  # of train_vgg_face; no published weights end so


def check_weights(path: Path, *, sha256: str | None) -> str:
    """The file's SHA-256; raises ValueError if there is no file or it is not the one named."""
    if not path.is_file():
        raise ValueError(
            f"compute_features.weights: {path}: no such file; published are {PUBLISHED}; "
            "stage train_vgg_face makes data/weights/vgg_face/model.safetensors"
        )
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 is None and path.suffix == TRAINED:
        raise ValueError(
            f"compute_features.sha256: weights trained here change when they are trained again: "
            f"name the ones that are meant ({path} is {found})"
        )
    if sha256 is not None and found != sha256.lower():
        raise ValueError(f"{path}: SHA-256 is {found}, compute_features.sha256 is {sha256}")
    return found
