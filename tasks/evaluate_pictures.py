"""evaluate_pictures: published pictures of other people's models, measured as our own would be."""

import logging
from dataclasses import dataclass
from pathlib import Path

from tasks.evaluation.head_scores import score_labelled
from tasks.evaluation.heads import read_labelled_pictures
from tasks.evaluation.linear_head import LinearHead
from tasks.evaluation.picture_readings import DLIB, Readings, read_faces
from tasks.evaluation.picture_scores import make_pictures
from tasks.evaluation.picture_table import ROLES, Role, read_picture_table
from tasks.report.pictures.content import build_report
from tasks.report.pictures.tables import build_head
from tasks.report.render import write_report
from tasks.report.tables import Table

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PictureSource:
    """A CSV and its columns of pictures; `labelled` is a folder of labelled faces, if any."""

    table: Path
    original: str
    from_face: str
    from_voice: str
    labelled: Path | None = None

    @property
    def columns(self) -> dict[Role, str]:
        return dict(zip(ROLES, (self.original, self.from_face, self.from_voice), strict=True))


def evaluate_pictures(source: PictureSource, out: Path, *, num_workers: int) -> Path:
    """Writes the report to `out`; returns its page. Raises ValueError for bad input."""
    rows = read_picture_table(source.table, columns=source.columns)
    readings: dict[Role, Readings] = {}
    for role in ROLES:
        readings[role] = read_faces([row.paths[role] for row in rows], num_workers=num_workers)
        found = len(rows) - readings[role].num_missing
        logger.info("%s: a face in %d of %d pictures", role, found, len(rows))
    heads, table = None, None
    if source.labelled is not None:
        head, table = fit_head(source.labelled, num_workers=num_workers)
        heads = {role: head.predict(reading.features) for role, reading in readings.items()}
    pictures = make_pictures(rows, readings, heads)
    return write_report(
        build_report(pictures, title=f"Published pictures: {source.table.name}", head=table), out
    )


def fit_head(folder: Path, *, num_workers: int) -> tuple[LinearHead, Table]:
    """The head fitted on all faces, and how good it is on faces it was not fitted on."""
    faces = read_labelled_pictures(folder, encoder=DLIB, num_workers=num_workers)
    logger.info("labelled: a face in %d of %d", faces.num_found, len(faces.people))
    table = build_head([*score_labelled(faces)], num_missing=faces.num_missing)
    return LinearHead(faces.features, faces.labels), table
