"""Trained networks on disk: safetensors beside a card, checked by hash and loaded strictly."""

import hashlib
import importlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor, nn

MODEL, CARD = "model.safetensors", "card.json"


@dataclass(frozen=True)
class Card:
    """What a network is and where it comes from.

    `network` is its class ("models.voice2face.Generator"), `config` the constructor's arguments,
    `data` the hashes of the shards by folder, `upstream` those of other weights, `labels` class
    numbers by name, `notes` what departs from the paper. No times: a run repeated is the same.
    """

    network: str
    config: Mapping[str, Any]
    params: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    upstream: Mapping[str, str] = field(default_factory=dict)
    face_encoder: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, int] | None = None
    notes: tuple[str, ...] = ()
    git_commit: str | None = None
    num_values: int = 0
    sha256: str = ""


def save_weights(folder: Path, network: nn.Module, card: Card) -> None:
    """Writes `network`'s state and its card; the card is written last."""
    state = {
        name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()
    }
    save_tensors(folder, state, card)


def save_tensors(folder: Path, tensors: Mapping[str, Tensor], card: Card) -> None:
    """As `save_weights`, for tensors that are no network."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD).unlink(missing_ok=True)
    save_file(dict(tensors), folder / MODEL)
    values = asdict(card) | {
        "git_commit": read_commit(),
        "num_values": sum(tensor.numel() for tensor in tensors.values()),
        "sha256": _hash_file(folder / MODEL),
    }
    text = json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False)
    (folder / CARD).write_text(text + "\n", encoding="utf-8")


def describe_class(network: nn.Module) -> str:
    return f"{type(network).__module__}.{type(network).__qualname__}"


def read_card(folder: Path) -> Card:
    """ValueError if there are no weights or the card is not of this project."""
    path = folder / CARD
    if not path.is_file():
        raise ValueError(f"{folder}: no weights yet; run the stage that trains them first")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Card(**values | {"notes": tuple(values["notes"])})
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path}: not a card of this project: {error}") from None


def load_weights(folder: Path, *, expected: type[nn.Module] | None = None) -> nn.Module:
    """The network of a folder, frozen, in evaluation mode, on the CPU.

    ValueError for missing weights, a wrong hash, a state that does not fit, or another class than
    `expected`.
    """
    card = read_card(folder)
    network_class = _find_class(folder, card.network)
    if expected is not None and network_class is not expected:
        raise ValueError(f"{folder}: holds {card.network}, not {expected.__qualname__}")
    network: nn.Module = network_class(**card.config)
    try:
        network.load_state_dict(load_tensors(folder), strict=True)
    except RuntimeError as error:
        raise ValueError(f"{folder}: weights do not fit {card.network}: {error}") from None
    return network.eval().requires_grad_(False)


def load_tensors(folder: Path) -> dict[str, Tensor]:
    """Tensors by name; ValueError if the file is not the one its card was written for."""
    card, path = read_card(folder), folder / MODEL
    found = _hash_file(path) if path.is_file() else "absent"
    if found != card.sha256:
        raise ValueError(f"{path}: SHA-256 is {found}, its card says {card.sha256}")
    return load_file(path)


def _find_class(folder: Path, name: str) -> type[nn.Module]:
    module, _, cls = name.rpartition(".")
    # A card is data: it may name a network of `models`, and nothing else.
    if not module.startswith("models."):
        raise ValueError(f"{folder / CARD}: {name!r} is no network of this project")
    found = getattr(importlib.import_module(module), cls, None)
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise ValueError(f"{folder / CARD}: {name!r} is no network of this project")
    return found


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_commit() -> str | None:
    """HEAD's commit, None outside a repository."""
    command = ["git", "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
