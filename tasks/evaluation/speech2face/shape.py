"""Twelve craniofacial measures of pictures from faces against those from voices (S2F Fig. 5c)."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tasks.evaluation.correlation import Correlation
from tasks.evaluation.craniofacial import ALIGNMENTS, JAW_POINTS, Alignment
from tasks.evaluation.picture_scores import Pictures, correlate_measures
from tasks.evaluation.scores import Score

FILE = "craniofacial.json"


@dataclass(frozen=True)
class Shapes:
    """Correlations by measure, for one choice of `jaw` points (by name) and of `alignment`."""

    jaw: str
    alignment: Alignment
    measures: dict[str, Correlation]


def correlate_shapes(pictures: Pictures) -> Iterator[Shapes]:
    """Every choice; the first is SPEC's own."""
    for jaw in JAW_POINTS:
        for alignment in ALIGNMENTS:
            measures = correlate_measures(
                pictures, samples=pictures.everybody, jaw=jaw, alignment=alignment
            )
            yield Shapes(jaw.name, alignment, measures)


def write_shapes(folder: Path, shapes: list[Shapes]) -> None:
    text = json.dumps([asdict(item) for item in shapes], indent=1, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read_shapes(folder: Path) -> list[Shapes]:
    """ValueError naming the file if there is none."""
    path = folder / FILE
    if not path.is_file():
        raise ValueError(f"{path}: no such file; run the stage that evaluates first")
    found = []
    for item in json.loads(path.read_text(encoding="utf-8")):
        measures = {
            name: Correlation(**value | {"score": Score(**value["score"])})
            for name, value in item["measures"].items()
        }
        found.append(Shapes(item["jaw"], item["alignment"], measures))
    return found
