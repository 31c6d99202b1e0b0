"""What is live: a small record for each network, kept in git with the version it names."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import yaml

LIVE = Path("live")
Network = Literal["voice2face", "speech2face", "ar_spm"]


@dataclass(frozen=True)
class Release:
    """A named version of a network, or where nothing is live, of none.

    `tag` is a git tag, name and version as GTO and `dvc artifacts` read them. `data` is the hash of
    the final shards in dvc.lock, `weights` SHA-256 by artefact (and network within it), `metrics`
    headline and guarded figures; `run` and `run_id` are the Prefect run's, `commit` that of the
    code. `withdrawn` are tags that were rolled back.
    """

    network: str
    tag: str
    commit: str | None
    run: str | None
    run_id: str | None
    data: str
    weights: Mapping[str, str]
    metrics: Mapping[str, float]
    reason: str
    split: Mapping[str, object] = field(default_factory=dict)
    withdrawn: tuple[str, ...] = ()


def locate_release(network: str) -> Path:
    return LIVE / f"{network}.yaml"


def locate_profile(network: str) -> Path:
    """The data set's profile at that version."""
    return LIVE / f"{network}.data.json"


def read_release(network: str) -> Release | None:
    """None while nothing is live."""
    path = locate_release(network)
    return parse_release(path.read_text(encoding="utf-8"), str(path)) if path.exists() else None


def parse_release(text: str, name: str) -> Release:
    """ValueError naming the file if it is no release of this project."""
    try:
        values = yaml.safe_load(text)
        return Release(**values | {"withdrawn": tuple(values.get("withdrawn", ()))})
    except (yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{name}: not a release of this project: {error}") from None


def write_release(release: Release) -> Path:
    path = locate_release(release.network)
    path.parent.mkdir(parents=True, exist_ok=True)
    values = asdict(release) | {"withdrawn": list(release.withdrawn)}
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
    return path


def name_next(network: str, tags: Iterable[str]) -> str:
    """`voice2face@v1.0.0`, then v1.1.0 and so on."""
    prefix = f"{network}@v1."
    numbers = [
        int(tag.removeprefix(prefix).removesuffix(".0"))
        for tag in tags
        if tag.startswith(prefix) and tag.removeprefix(prefix).removesuffix(".0").isdecimal()
    ]
    return f"{prefix}{max(numbers, default=-1) + 1}.0"
