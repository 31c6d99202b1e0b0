"""Speech2Face's report: its first screen, sections and metrics."""

from collections.abc import Mapping
from pathlib import Path

from tasks.evaluation.scores import Score, flatten_scores
from tasks.evaluation.speech2face.attributes import AGREEMENT
from tasks.evaluation.speech2face.curves import COLUMNS as CURVE_COLUMNS
from tasks.evaluation.speech2face.distances import TABLE2, TABLE3
from tasks.evaluation.speech2face.maps import COLUMNS as MAP_COLUMNS
from tasks.evaluation.store import GUARDED, HEADLINE, get_headline
from tasks.report.networks.card import build_cards
from tasks.report.networks.gallery import PICTURE_COLUMNS
from tasks.report.networks.headline import build_headline
from tasks.report.networks.page import Page, build_page
from tasks.report.render import Logs, Report
from tasks.report.speech2face import sections, tables, texts
from tasks.report.speech2face.lead import show_lead
from tasks.report.speech2face.reading import Evaluation, read_evaluation

# Of the lines, those whose changes are worth following.
FOLLOWED = (HEADLINE, GUARDED, TABLE2, TABLE3, AGREEMENT, "ablations", "leaks")


def build_report(folder: Path, weights: Mapping[str, Path]) -> Report:
    """`weights` are the folders whose cards are shown, by artefact."""
    found = read_evaluation(folder)
    headline = build_headline(
        "Of two faces, the one whose feature is nearer to the voice’s is the speaker’s own in {} "
        "of trials",
        get_headline(found.lines).score,
        table="matching",
        figure="triplets",
    )
    parts = [
        *sections.list_sections(found),
        *build_cards(weights, found.data, about=texts.ABOUT),
    ]
    page = Page(texts.TITLE, headline, parts, tuple(show_lead(found)), list_logs(found))
    return build_page(page, metrics=flatten_scores(name_metrics(found)))


def list_logs(found: Evaluation) -> Logs:
    """CSVs too long to be shown."""
    return {
        "retrieval_all": tables.list_retrieval(found.lines, found.facts),
        "pictures": (PICTURE_COLUMNS, found.pictures),
        "curves": (CURVE_COLUMNS, [tuple(row[c] for c in CURVE_COLUMNS) for row in found.curves]),
        **{name: (header, rows) for name, header, rows in tables.list_counted(found.counted)},
        "map": (MAP_COLUMNS, [tuple(row[c] for c in MAP_COLUMNS) for row in found.places]),
    }


def name_metrics(found: Evaluation) -> dict[str, Score]:
    """Flat names for `dvc metrics`."""
    scores = {}
    for line in found.lines:
        if line.table in (HEADLINE, GUARDED):
            scores[line.score.name] = line.score
        elif line.table in FOLLOWED:
            name = "_".join((line.table, *line.labels))
            scores[name.replace(" ", "_").replace("@", "")] = line.score
    for name, item in found.shapes[0].measures.items():
        scores[f"craniofacial_{name}"] = item.score
    return scores
