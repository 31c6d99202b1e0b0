"""Checkpoints: all that a run needs to go on as if it had not been stopped.

A plain torch file of tensors, numbers and strings, loadable with `weights_only=True`. The position
in the data is the step: every step's rows, crops and noise follow from seed and step.
"""

import json
import os
import pickle
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from tasks.data.files import commit_file
from tasks.data.shards import compute_key
from tasks.training.logs import Meter

FORMAT = 1
NAME = re.compile(r"step-(\d{8,})\.pt")


@dataclass(frozen=True)
class Trained:
    """What a run changes, by name."""

    networks: Mapping[str, nn.Module]
    optimisers: Mapping[str, Optimizer]


@dataclass
class Progress:
    """How far a run is: finished steps, the first logged loss, and the means of the next row."""

    step: int = 0
    first_loss: float | None = None
    meter: Meter = field(default_factory=Meter)


def name_checkpoint(folder: Path, step: int) -> Path:
    return folder / f"step-{step:08d}.pt"


def list_checkpoints(folder: Path) -> dict[int, Path]:
    """The whole checkpoints of a folder by step, in order."""
    if not folder.is_dir():
        return {}
    found = ((NAME.fullmatch(path.name), path) for path in folder.iterdir())
    return dict(sorted((int(match[1]), path) for match, path in found if match))


def write_checkpoint(
    folder: Path, trained: Trained, *, progress: Progress, params: Mapping[str, Any]
) -> Path:
    """Writes the checkpoint of `progress.step`, whole or not at all."""
    path = name_checkpoint(folder, progress.step)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    content = {
        "format": FORMAT,
        "step": progress.step,
        "params": json.dumps(params, sort_keys=True),
        "params_hash": compute_key(params=params),
        "weights": {name: net.state_dict() for name, net in trained.networks.items()},
        "optimisers": {name: opt.state_dict() for name, opt in trained.optimisers.items()},
        "rng": read_rng(),
        "progress": {
            "first_loss": progress.first_loss,
            "sums": progress.meter.sums,
            "count": progress.meter.count,
        },
    }
    torch.save(content, temporary)
    commit_file(temporary, path)
    return path


def remove_old(folder: Path, *, keep_last: int, keep_steps: frozenset[int]) -> None:
    """Keeps the last `keep_last` checkpoints and those of `keep_steps`."""
    checkpoints = list_checkpoints(folder)
    for step in list(checkpoints)[:-keep_last]:
        if step not in keep_steps:
            checkpoints[step].unlink()


def read_checkpoint(path: Path) -> dict[str, Any]:
    """ValueError if the file is no checkpoint of this project."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError) as error:
        raise ValueError(f"{path}: not a checkpoint: {error}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path}: not a checkpoint of format {FORMAT}")
    return content


def read_weights(path: Path) -> dict[str, dict[str, Tensor]]:
    """The weights alone, by network and state key, on the CPU."""
    weights: dict[str, dict[str, Tensor]] = read_checkpoint(path)["weights"]
    return weights


def restore(path: Path, trained: Trained, *, params: Mapping[str, Any]) -> Progress:
    """Puts a checkpoint's state back, the random generators' too, and says how far it was.

    ValueError, before anything is changed, if it is of other networks or of changed parameters.
    """
    content = read_checkpoint(path)
    _check_params(path, content, params)
    _check_networks(path, content["weights"], trained.networks)
    device = next(next(iter(trained.networks.values())).parameters()).device
    for name, network in trained.networks.items():
        network.load_state_dict(content["weights"][name])
    for name, optimiser in trained.optimisers.items():
        optimiser.load_state_dict(content["optimisers"][name])
    write_rng(content["rng"])
    progress = Progress(content["step"], content["progress"]["first_loss"])
    sums = content["progress"]["sums"].items()
    progress.meter.sums = {name: value.to(device) for name, value in sums}
    progress.meter.count = content["progress"]["count"]
    return progress


def _check_params(path: Path, content: Mapping[str, Any], params: Mapping[str, Any]) -> None:
    if content["params_hash"] == compute_key(params=params):
        return
    old, new = json.loads(content["params"]), json.loads(json.dumps(params))
    names = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    changes = ", ".join(f"{name}: {old.get(name)!r} then, {new.get(name)!r} now" for name in names)
    raise ValueError(f"{path}: made with other parameters ({changes}); remove it to start anew")


def _check_networks(
    path: Path, weights: Mapping[str, Mapping[str, Tensor]], networks: Mapping[str, nn.Module]
) -> None:
    if weights.keys() != networks.keys():
        raise ValueError(f"{path}: holds {sorted(weights)}, not {sorted(networks)}")
    for name, network in networks.items():
        old = {key: list(value.shape) for key, value in weights[name].items()}
        new = {key: list(value.shape) for key, value in network.state_dict().items()}
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                raise ValueError(
                    f"{path}: of another network: {name}.{key} is "
                    f"{old.get(key, 'absent')} there, {new.get(key, 'absent')} here"
                )


def read_rng() -> dict[str, Any]:
    """State of python's, numpy's and torch's global generators as tensors and numbers."""
    version, words, gauss = random.getstate()
    kind, keys, place, has_gauss, cached = np.random.get_state(legacy=True)
    return {
        "python": (version, list(words), gauss),
        "numpy": (str(kind), np.asarray(keys).tolist(), int(place), int(has_gauss), float(cached)),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def write_rng(state: Mapping[str, Any]) -> None:
    """Sets the generators; those of GPUs only where there are as many as there were."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
