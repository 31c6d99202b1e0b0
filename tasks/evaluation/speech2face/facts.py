"""What the report of Speech2Face says in words and no score holds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FACTS = "facts.json"


@dataclass(frozen=True)
class Facts:
    """`num_...` count test pairs; `num_drawn` of them were decoded and looked at.

    `length` names the whole voice among `lengths`; `no_face` counts drawn pictures in which no face
    was found, by role. `classifier` is the one of the gender metric, "" where there is none.
    `variants` are other networks by what is different.
    """

    num_available: int
    num_measured: int
    num_people: int
    num_drawn: int
    trials_per_voice: int
    length: str
    lengths: Sequence[str]
    dimension: int
    face_encoder: str
    trained_seconds: float
    heads_source: str
    num_fitted: int
    num_fitted_drawn: int
    num_histogram: int
    classifier: str
    no_face: Mapping[str, int]
    has_parts: bool
    variants: Sequence[str]


def write_facts(folder: Path, facts: Facts) -> None:
    text = json.dumps(asdict(facts), indent=1, ensure_ascii=False)
    (folder / FACTS).write_text(text + "\n", encoding="utf-8")


def read_facts(folder: Path) -> Facts:
    """ValueError if they are absent or not this project's."""
    path = folder / FACTS
    if not path.is_file():
        raise ValueError(f"{path}: no such file; run the stage that evaluates first")
    try:
        return Facts(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: not an evaluation of this project: {error}") from None
