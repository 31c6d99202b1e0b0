"""What the evaluation of AR-SPM left on disk, read for its report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.evaluation.ar_spm.facts import Facts, read_facts
from tasks.evaluation.data_card import DataCard, read_data_card
from tasks.evaluation.galleries import read_galleries
from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line, read_lines
from tasks.report.ar_spm import figures
from tasks.report.ar_spm.pivot import index_lines
from tasks.report.figures import Figure
from tasks.report.networks.gallery import draw_galleries, list_pictures
from tasks.report.tables import Cell

Rows = list[tuple[Cell, ...]]


@dataclass(frozen=True)
class Evaluation:
    """What the stage that evaluates left on disk, read."""

    folder: Path
    lines: Sequence[Line]
    facts: Facts
    data: DataCard
    galleries: Mapping[str, Figure]
    pictures: Rows

    def get(self, table: str, *labels: str) -> Score:
        return index_lines(self.lines, table)[labels]


def read_evaluation(folder: Path) -> Evaluation:
    data = read_data_card(folder)
    galleries, may_show_faces = read_galleries(folder), data.may_show_faces
    return Evaluation(
        folder,
        read_lines(folder),
        read_facts(folder),
        data,
        draw_galleries(
            galleries, figures.TITLES, may_show_faces=may_show_faces, cell=figures.CELL_PX
        ),
        list(list_pictures(galleries, may_show_faces=may_show_faces)),
    )
