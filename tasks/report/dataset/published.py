"""Wen et al., Table 1, beside the same counts of this data set (SPEC 1.1)."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from tasks.lists.labels import SPLITS
from tasks.report.dataset.card import WEN_TABLE_1
from tasks.report.dataset.census import count_rows
from tasks.report.tables import Cell, Column, Table


def build_wen_table(used: pa.Table) -> Table:
    """Counts of VoxCeleb1 by split, the paper's and ours."""
    ours = {split: _count_split(used.filter(pc.equal(used["split"], split))) for split in SPLITS}
    rows: list[tuple[Cell, ...]] = []
    for name, printed in WEN_TABLE_1.items():
        counts = [ours[split][name] for split in SPLITS]
        cells = [cell for pair in zip(printed, counts, strict=True) for cell in pair]
        rows.append((name, *cells, sum(printed), sum(counts), sum(counts) / sum(printed)))
    columns = [Column("counted")]
    for split in (*SPLITS, "total"):
        columns.append(Column(f"{split}_paper", "count", f"{split}, paper"))
        columns.append(Column(f"{split}_ours", "count", f"{split}, ours"))
    columns.append(Column("share", "share", "ours of paper"))
    note = "Subjects, men and women: people with at least one utterance and one face picture."
    title = "Table 1 of Wen et al. 2019 beside this data set"
    return Table("wen_table_1", title, tuple(columns), tuple(rows), note)


def _count_split(part: pa.Table) -> Mapping[str, int]:
    voices, faces = (part.filter(part[name]) for name in ("in_voices", "in_faces"))
    genders = dict(count_rows(part, "identity", "gender").keys())
    people = _list_people(voices) & _list_people(faces)
    return {
        "speech segments": len(voices),
        "face images": len(faces),
        "subjects": len(people),
        "men": sum(genders[name] == "m" for name in people),
        "women": sum(genders[name] == "f" for name in people),
    }


def _list_people(part: pa.Table) -> set[str]:
    return {name for (name,) in count_rows(part, "identity") if name is not None}
