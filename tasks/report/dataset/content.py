"""The data set's report: its tables, figures and numbers, from shards and parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.data.left_out import LeftOut, read_left_out
from tasks.data.samples import DATA_SETS
from tasks.lists.labels import SPLITS
from tasks.params import Params
from tasks.report.dataset import attrition as losses
from tasks.report.dataset import card, people, provenance
from tasks.report.dataset.census import (
    Floats,
    check_final_shards,
    count_names,
    count_rows,
    read_census,
    read_values,
    select_used,
)
from tasks.report.dataset.pictures import draw_attrition, draw_demographics, draw_faces
from tasks.report.dataset.published import build_wen_table
from tasks.report.dataset.quality import (
    Quantity,
    build_quantiles,
    compute_medians,
    plot_quantities,
)
from tasks.report.render import Report
from tasks.report.tables import Table

TEMPLATE = "dataset.html.j2"


@dataclass(frozen=True)
class Facts:
    """What the report is made of; `used` are the clips in at least one data set."""

    data: Path
    params: Params
    census: pa.Table
    used: pa.Table
    attrition: losses.Attrition
    speech_s: Mapping[str, Floats]
    leaks: list[people.Leak]
    left_out: LeftOut


def build_report(data: Path, params: Params) -> Report:
    """Raises ValueError for shards that are missing or do not belong together."""
    facts = read_facts(data, params)
    durations, faces = measure_durations(facts), measure_faces(facts)
    tables = [*build_tables(facts)]
    tables.append(build_quantiles("durations", "Durations", durations))
    tables.append(build_quantiles("faces", "Faces", faces))
    by_name = {table.name: table for table in tables}
    figures = draw_attrition(by_name["funnel"], by_name["reasons"])
    figures += plot_quantities(durations, table="durations") + plot_quantities(faces, table="faces")
    figures += draw_demographics([by_name[f"by_{name}"] for name in people.ATTRIBUTES])
    figures += draw_faces(data, params)
    return Report(
        TEMPLATE,
        build_values(facts),
        tuple(tables),
        tuple(figures),
        build_metrics(facts, [*durations, *faces]),
        {"rejected": (losses.REJECTED_COLUMNS, losses.read_rejected(data))},
    )


def read_facts(data: Path, params: Params) -> Facts:
    census = read_census(data)
    check_final_shards(data, census)
    used = select_used(census)
    speech_s = read_values(data, "voices", "speech_s")
    attrition, leaks = losses.count_attrition(census), people.find_leaks(used)
    left_out = read_left_out(data / "clips")
    return Facts(data, params, census, used, attrition, speech_s, leaks, left_out)


def build_tables(facts: Facts) -> list[Table]:
    """All tables but those of quantiles."""
    reasons = losses.build_reasons(
        facts.attrition, losses.count_seen(facts.data), losses.find_examples(facts.data)
    )
    tables = [
        people.build_splits(facts.used, facts.speech_s),
        losses.build_funnel(facts.attrition),
        reasons,
        losses.build_left_out(facts.left_out),
        *(people.build_demographics(facts.used, name) for name in people.ATTRIBUTES),
        people.build_people(people.count_clips_per_person(facts.used)),
        people.build_leaks(facts.leaks),
        card.build_licences(facts.params),
        provenance.build_folders(provenance.read_folders(facts.data)),
        provenance.build_params(facts.params),
    ]
    if facts.params.corpus.source == "voxceleb1":
        tables.append(build_wen_table(facts.used))
    return tables


def measure_durations(facts: Facts) -> list[Quantity]:
    clip_s = facts.used["clip_s"].drop_null().to_numpy()
    per_person = people.sum_per_person(people.count_clips_per_person(facts.used))
    speech_s = np.concatenate(list(facts.speech_s.values()))
    return [
        Quantity("clip_s", "clip as listed", "s", clip_s, len(facts.used) - len(clip_s)),
        Quantity("speech_s", "speech in a clip", "s", speech_s),
        Quantity(
            "clips_per_person",
            "clips of one person",
            "",
            per_person.astype(np.float64),
            is_log=bool(len(per_person)) and int(per_person.max()) > 100,
        ),
    ]


def measure_faces(facts: Facts) -> list[Quantity]:
    num_faces = pc.sum(facts.used["in_faces"]).as_py() or 0
    quantities = []
    for name, title, unit, is_log in (
        ("face_px", "face box, shorter side", "px", False),
        ("sharpness", "sharpness", "", True),
        ("score", "detector’s score", "", False),
    ):
        values = np.concatenate(list(read_values(facts.data, "faces", name).values()))
        item = Quantity(name, title, unit, values, num_faces - len(values), is_log)
        quantities.append(item)
    return quantities


def build_values(facts: Facts) -> dict[str, Any]:
    """What the template names besides tables and figures."""
    source = card.SOURCES[facts.params.corpus.source]
    kinds = count_rows(facts.census, "kind")
    return {
        "title": "Data set",
        "source": source,
        "terms": card.get_terms(facts.params),
        "attrition": facts.attrition,
        "kinds": {
            kind: kinds[(kind,)] for kind in ("clip", "pair", "voice", "face") if (kind,) in kinds
        },
        "num_videos": count_names(facts.census["video_id"]),
        "num_without_identity": facts.used["identity"].null_count,
        "num_used": len(facts.used),
        "leaks": facts.leaks,
        "left_out": facts.left_out,
        "is_voxceleb1": facts.params.corpus.source == "voxceleb1",
        "encoders": provenance.read_encoders(facts.data),
        "intended": card.INTENDED,
        "forbidden": card.FORBIDDEN,
    }


def build_metrics(facts: Facts, quantities: list[Quantity]) -> dict[str, int | float]:
    """Flat numbers for `dvc metrics`."""
    attrition = facts.attrition
    metrics: dict[str, int | float] = {
        "clips_listed": attrition.num_listed,
        "clips_kept": attrition.num_kept,
        "clips_kept_share": attrition.num_kept / attrition.num_listed,
        "clips_waiting": attrition.num_waiting,
        "clips_may_come": attrition.num_may_come,
        "rows_repeated": facts.left_out.num_repeated,
        "rows_bad": facts.left_out.num_bad_rows,
        "speech_h": sum(float(part.sum(dtype=np.float64)) for part in facts.speech_s.values())
        / people.SECONDS_PER_HOUR,
        "people": count_names(facts.used["identity"]),
    }
    metrics |= {f"lost_{stage}_{reason}": n for (stage, reason), n in attrition.lost.items()}
    for name in DATA_SETS:
        counts = count_rows(facts.used.filter(facts.used[f"in_{name}"]), "split")
        metrics |= {f"{name}_{split}": counts.get((split,), 0) for split in SPLITS}
    for kind in ("identity", "video_id"):
        metrics[f"leaks_{kind}"] = sum(leak.kind == kind for leak in facts.leaks)
    metrics.update(compute_medians(quantities))
    return metrics
