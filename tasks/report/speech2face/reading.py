"""What the evaluation of Speech2Face left on disk, read for its report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.evaluation.data_card import DataCard, read_data_card
from tasks.evaluation.galleries import read_galleries
from tasks.evaluation.scores import Score
from tasks.evaluation.speech2face.attributes import Counted, read_counted
from tasks.evaluation.speech2face.curves import read_curves
from tasks.evaluation.speech2face.facts import Facts, read_facts
from tasks.evaluation.speech2face.maps import FILE as MAP
from tasks.evaluation.speech2face.shape import Shapes, read_shapes
from tasks.evaluation.store import GUARDED, Line, read_lines, select_lines
from tasks.report.figures import Figure
from tasks.report.networks.gallery import draw_galleries, list_pictures
from tasks.report.speech2face import figures
from tasks.report.tables import Cell


@dataclass(frozen=True)
class Evaluation:
    """What the stage that evaluates left on disk, read; `pictures` says what galleries show."""

    lines: Sequence[Line]
    facts: Facts
    data: DataCard
    counted: Counted
    shapes: Sequence[Shapes]
    curves: Sequence[Mapping[str, str]]
    places: Sequence[Mapping[str, str]]
    galleries: Mapping[str, Figure]
    pictures: Sequence[tuple[Cell, ...]]

    def get_guarded(self, name: str) -> Score:
        scores = [line.score for line in select_lines(self.lines, GUARDED)]
        return next(score for score in scores if score.name == name)


def read_evaluation(folder: Path) -> Evaluation:
    data = read_data_card(folder)
    galleries, may_show_faces = read_galleries(folder), data.may_show_faces
    return Evaluation(
        read_lines(folder),
        read_facts(folder),
        data,
        read_counted(folder),
        read_shapes(folder),
        read_curves(folder),
        figures.read_map(folder / MAP),
        draw_galleries(
            galleries, figures.GALLERIES, may_show_faces=may_show_faces, cell=figures.CELL_PX
        ),
        list(list_pictures(galleries, may_show_faces=may_show_faces)),
    )
