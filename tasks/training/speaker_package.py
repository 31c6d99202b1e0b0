"""The speaker encoder whose weights come inside the package Resemblyzer (Apache-2.0)."""

import hashlib
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError

import torch

from models.speaker_encoder import SpeakerEncoder

PACKAGE, FILE = "resemblyzer", "pretrained.pt"
SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
UNUSED = "similarity_"  # the loss's own scale, of no use afterwards


def load_speaker_encoder(path: Path | None = None) -> SpeakerEncoder:
    """Frozen, in evaluation mode; `path` is the package's file where it is not installed.

    ValueError if it is absent or is not the file that was tested.
    """
    found = path or find_weights()
    if not found.is_file():
        raise ValueError(f"{found}: no such file; it lies in the package {PACKAGE} 0.1.4")
    with found.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        raise ValueError(f"{found}: SHA-256 is {digest}, that of {PACKAGE} 0.1.4 is {SHA256}")
    try:
        state = torch.load(found, map_location="cpu", weights_only=True)["model_state"]
    except (RuntimeError, UnpicklingError, KeyError) as error:
        raise ValueError(f"{found}: not {PACKAGE}'s weights: {error}") from None
    network = SpeakerEncoder()
    network.load_state_dict({k: v for k, v in state.items() if not k.startswith(UNUSED)})
    return network.eval().requires_grad_(False)


def find_weights() -> Path:
    """In the installed package, which is not imported: what it needs is not needed here."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ValueError(f"package {PACKAGE} is not installed: make setup")
    return Path(spec.origin).parent / FILE
