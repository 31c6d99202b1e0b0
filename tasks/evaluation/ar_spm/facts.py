"""What the report says in words and no score holds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FACTS = "facts.json"


@dataclass(frozen=True)
class Facts:
    """`default` and `variants` are names of Table 4's models; `num_...` count test pairs.

    `faces` counts the training faces that each prior of Table 1 can be made of. The sources say
    whose word gender and age are, and what the heads were fitted on.
    """

    default: str
    variants: Sequence[str]
    num_available: int
    num_measured: int
    num_people: int
    sources: Sequence[str]
    dimension: int
    face_encoder: str
    trials_per_voice: int
    faces: Mapping[str, int]
    gender_source: str
    age_source: str
    heads_source: str
    code_reduction: str


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
