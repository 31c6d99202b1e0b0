"""The report on matching: Table 3 of Wen et al., filled on one data set and one list of trials."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.evaluation.data_card import read_data_card
from tasks.evaluation.scores import Score, flatten_scores
from tasks.evaluation.store import Line, get_headline, read_lines, select_lines
from tasks.report.matching.figures import draw_galleries, draw_table_3
from tasks.report.matching.found import ALL, OF_GENDER, Found, read_found
from tasks.report.matching.tables import (
    build_clips,
    build_differences,
    build_gender_accuracy,
    build_lines_table,
    build_overview,
    build_table_3,
)
from tasks.report.matching.words import (
    check_gender_system,
    check_published_order,
    describe_chance,
    describe_memory,
    describe_order,
)
from tasks.report.networks.card import About, build_cards
from tasks.report.networks.headline import build_headline
from tasks.report.networks.page import Bullets, Caution, Doubt, Item, Page, Section, build_page
from tasks.report.render import Logs, Report

TITLE = "Matching: SVHF, DIMNet and Wen et al. side by side"
ABOUT = About(
    "does one thing in several ways: each system says which of several faces goes with a voice, "
    "or which voice with a face.",
    limits=(
        "Who is right in 7 of 10 trials is wrong in 3: a match says nothing about a single person.",
    ),
)
SVHF_NOTE = (
    "SVHF compares two candidates. Both orders are asked; among more than two, the largest sum of "
    "margins wins (chosen). A single pair gets no score, so it takes no part in verification and "
    "retrieval."
)
IN_CSV = "Chance, samples and people of each number are in tables/{}.csv."


def build_report(evaluation: Path, weights: Sequence[Path], *, title: str = TITLE) -> Report:
    """ValueError where the evaluation or a card is missing."""
    lines = read_lines(evaluation)
    found = read_found(lines)
    figures = draw_table_3(found)
    leader = get_headline(lines)
    headline = build_headline(
        f"Asked which of two faces a voice belongs to, {leader.labels[0]} is right in {{}}",
        leader.score,
        table="table_3",
        figure=figures[0].name,
    )
    mixed = next((line.score for line in select_lines(lines, "mixed_pairs")), None)
    sections = [
        Section("table-3", "Table 3", (figures, build_table_3(found))),
        Section("order", "The order of systems", tuple(list_order(found))),
        Section("checks", "Do the numbers fit each other?", tuple(list_checks(found, mixed))),
        Section("galleries", "More candidates", tuple(list_galleries(found))),
        Section("strata", "Both directions, by gender and nationality", tuple(list_strata(found))),
        Section("pairs", "One voice, one face", tuple(list_pairs(found))),
        Section("made", "How it was measured", tuple(list_made(found, evaluation))),
        *build_cards(
            {folder.name: folder for folder in weights}, read_data_card(evaluation), about=ABOUT
        ),
    ]
    lead = (describe_chance(found, stratum=ALL), describe_chance(found, stratum=OF_GENDER))
    scores = {
        line.score.name: line.score
        for table in ("table_3", "strata")
        for line in select_lines(lines, table)
        if line.score.value is not None
    }
    return build_page(
        Page(title, headline, sections, lead, build_logs(found)), metrics=flatten_scores(scores)
    )


def list_order(found: Found) -> Iterator[Item]:
    yield "What is said here follows from the differences below, taken trial by trial."
    for stratum in (ALL, OF_GENDER):
        yield describe_order(found, stratum=stratum)
    for stratum in (ALL, OF_GENDER):
        yield f"The printed order, faces {stratum}:"
        yield Bullets(tuple(check_published_order(found, stratum=stratum)))
    if "train" in found.splits:
        yield describe_memory(found)
    yield build_differences(found)


def list_checks(found: Found, mixed: Score | None) -> Iterator[Item]:
    checked = check_gender_system(found)
    if checked is not None:
        words, is_good = checked
        yield words if is_good else Caution(words)
    if mixed is not None:
        yield build_gender_accuracy(found, mixed)
    yield Doubt(
        "The paper’s 2,353,560 test trials are no multiple of its voices, faces or people, so how "
        "they were made cannot be known. Here another person is drawn uniformly for each trial, "
        "then a face of each."
    )


def list_galleries(found: Found) -> Iterator[Item]:
    yield (
        "The more candidates, the harder; chance is one in N. A gallery that the test people "
        "cannot fill is left out."
    )
    figures = draw_galleries(found.lines)
    if figures:
        yield figures
    lines = [
        Line(line.table, (*line.labels[1:], line.labels[0]), line.score)
        for line in select_lines(found.lines, "galleries")
    ]
    yield build_overview(
        lines,
        "galleries",
        "Accuracy by number of candidates, with 95 % intervals",
        heads=("direction", "candidates"),
        note=IN_CSV.format("galleries"),
    )


def list_strata(found: Found) -> Iterator[Item]:
    for line in select_lines(found.lines, "nationality"):
        if line.labels[0] != "nationality":
            yield Caution(f"In place of nationalities stands the corpus’s column {line.labels[0]}.")
    yield build_strata(found)


def build_strata(found: Found) -> Item:
    lines = [
        Line("strata", (line.labels[0], line.labels[1], line.labels[3]), line.score)
        for table in ("table_3", "strata")
        for line in select_lines(found.lines, table)
        if line.labels[2] == "test"
    ]
    return build_overview(
        lines,
        "strata",
        "Accuracy of 1:2 matching where both candidates are …, with 95 % intervals",
        heads=("system", "direction"),
        note=IN_CSV.format("strata"),
    )


def list_pairs(found: Found) -> Iterator[Item]:
    yield SVHF_NOTE
    titles = {
        "verification": "Same person or not? Equal error rate and area under the curve",
        "retrieval": "All of the person among the test samples: mean average precision",
    }
    heads = {"verification": ("system", "pairs"), "retrieval": ("system", "direction")}
    for name, title in titles.items():
        yield build_overview(found.lines, name, title, heads=heads[name], note=IN_CSV.format(name))


def build_logs(found: Found) -> Logs:
    """Every number that the overviews show as text."""
    tables = (
        build_lines_table(found.lines, name, name)
        for name in ("galleries", "strata", "verification", "retrieval")
    )
    return {
        table.name: (tuple(column.name for column in table.columns), table.rows) for table in tables
    }


def list_made(found: Found, evaluation: Path) -> Iterator[Item]:
    names = sorted(path.name for path in (evaluation / "trials").glob("*.csv"))
    yield (
        f"All systems answer the same {len(names)} lists of trials, drawn with one seed and kept "
        "beside the scores (trials/*.csv: probe, true and other candidates by clip). People who "
        "have a voice or a face alone are in none. Where no clip of the others is left out below, "
        "the lists of test people are also those of the report on Wen et al., whose training "
        "people’s list is of the recordings trained on; here it is of all their recordings."
    )
    yield build_clips(found.lines)
    yield build_lines_table(
        found.lines, "table_3_all", "Table 3 with all that was measured", source="table_3"
    )
