"""The report on Wen et al.: its sections in the order of what a reader asks first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.evaluation.data_card import DataCard, read_data_card
from tasks.evaluation.galleries import read_galleries
from tasks.evaluation.scores import Score, flatten_scores
from tasks.evaluation.store import GUARDED, Line, get_headline, read_lines, select_lines
from tasks.report.figures import Figure
from tasks.report.networks.card import build_cards
from tasks.report.networks.gallery import draw_galleries
from tasks.report.networks.headline import build_headline
from tasks.report.networks.leaks import judge_leaks
from tasks.report.networks.page import Caution, Doubt, Item, Page, Section, build_page, words
from tasks.report.render import Report, link_number
from tasks.report.tables import Table
from tasks.report.voice2face import figures
from tasks.report.voice2face import words as texts
from tasks.report.voice2face.tables import build_tables

HEADLINE = (
    "Of two faces, one of them the speaker’s, the network picks the right one in {} of trials"
)


@dataclass(frozen=True)
class Evaluation:
    """What the stage that evaluates left on disk, read and drawn."""

    lines: Sequence[Line]
    data: DataCard
    tables: Mapping[str, Table]
    galleries: Mapping[str, Figure]

    def list_gallery(self, name: str) -> list[Item]:
        return [self.galleries[name]] if name in self.galleries else []


def read_evaluation(folder: Path) -> Evaluation:
    lines, data = read_lines(folder), read_data_card(folder)
    has_pictures = get_headline(lines).score.value is not None
    galleries = draw_galleries(
        read_galleries(folder) if has_pictures else {},
        figures.TITLES,
        may_show_faces=data.may_show_faces,
        cell=figures.CELL_PX,
    )
    return Evaluation(lines, data, build_tables(lines), galleries)


def build_report(folder: Path, weights: Mapping[str, Path]) -> Report:
    """`weights` are the folders of gan and voice_embedding."""
    found = read_evaluation(folder)
    losses, logs = figures.draw_training(weights)
    score = get_headline(found.lines).score
    headline = build_headline(HEADLINE, score, table="matching", figure="matching")
    sections = [
        Section("matching", "Table 3: whose face is it?", tuple(show_matching(found))),
        Section("identity", "Closed set: training speakers", tuple(show_identity(found))),
        Section("gender", "Gender of generated faces", tuple(show_gender(found))),
        Section("noise", "Figure 2: noise, and what D says", tuple(show_noise(found))),
        Section("durations", "Figure 3: how much is heard", tuple(show_durations(found))),
        Section("segments", "Figure 5: which part is heard", tuple(show_segments(found))),
        Section("groups", "By group of people", (texts.GROUPS, found.tables["groups"])),
        Section("leaks", "What a voice must not tell", tuple(show_leaks(found))),
        Section("data", "Table 1: the data", (found.tables["table_1"],)),
        Section("training", "Training", (texts.TRAINING, losses)),
        *build_cards(weights, found.data, about=texts.ABOUT),
    ]
    page = Page(texts.TITLE, headline, sections, tuple(show_lead(found)), logs)
    return build_page(page, metrics=list_metrics(found.lines))


def list_metrics(lines: Sequence[Line]) -> dict[str, int | float]:
    """Of everything but groups and counts."""
    left_out = ("groups", "table_1", GUARDED, "headline")
    kept = [line.score for line in lines if line.table not in left_out]
    return flatten_scores({score.name: score for score in kept if score.value is not None})


def show_lead(found: Evaluation) -> Iterator[Item]:
    scores = {line.score.name: line.score for line in select_lines(found.lines, GUARDED)}
    told = {
        "matching_test_gender": ("Against people of the same gender it is {}", "matching"),
        "gender_generated": ("the generated face has the speaker’s gender in {}", "gender"),
        "held_out_top1": ("its own classifier names a training speaker in {}", "identity"),
    }
    parts = [
        words(text + " ({})", link_share(scores[name], table), describe_range(scores[name], table))
        for name, (text, table) in told.items()
        if name in scores and scores[name].value is not None
    ]
    if parts:
        yield words("; ".join(["{}"] * len(parts)) + ".", *parts)
    if found.data.may_show_faces:
        yield Caution(
            "All people here are drawn and all voices synthetic; the paper’s numbers are for "
            "VoxCeleb and stand beside ours for their meaning, not for a contest."
        )
    yield from found.list_gallery("example_faces")


def link_share(score: Score, table: str) -> str:
    return link_number(score.value, table, "share")


def describe_range(score: Score, table: str) -> str:
    baseline = max([value for value in (score.chance, score.constant) if value is not None] or [0])
    baseline_words = words("knowing nothing {}", link_number(baseline, table, "share"))
    if score.low is None or score.high is None:
        return baseline_words
    low, high = (link_number(value, table, "share") for value in (score.low, score.high))
    return words("{} to {}; {}", low, high, baseline_words)


def show_matching(found: Evaluation) -> Iterator[Item]:
    yield texts.MATCHING
    yield found.tables["table_3"]
    yield figures.draw_matching(found.lines)
    yield texts.INDEPENDENT
    yield Doubt(texts.TRIALS_DOUBT)
    yield Doubt(texts.PHI_DOUBT)
    yield found.tables["matching"]
    yield texts.LISTS


def show_identity(found: Evaluation) -> Iterator[Item]:
    yield texts.IDENTITY
    yield found.tables["identity"]


def show_gender(found: Evaluation) -> Iterator[Item]:
    yield texts.GENDER
    yield found.tables["gender"]


def show_noise(found: Evaluation) -> Iterator[Item]:
    yield texts.NOISE
    yield from found.list_gallery("noise_faces")
    yield found.tables["figure_2"]
    yield found.tables["realness"]
    yield Doubt(texts.REALNESS_DOUBT)


def show_durations(found: Evaluation) -> Iterator[Item]:
    yield texts.DURATIONS
    yield from found.list_gallery("duration_faces")
    curve = figures.draw_durations(found.lines)
    if curve is not None:
        yield curve
    yield found.tables["durations"]


def show_segments(found: Evaluation) -> Iterator[Item]:
    yield texts.SEGMENTS
    yield from found.list_gallery("segment_faces")
    yield found.tables["segments"]


def show_leaks(found: Evaluation) -> Iterator[Item]:
    is_test = found.data.may_show_faces
    yield texts.LEAKS if is_test else texts.LEAKS_REAL
    yield found.tables["leaks"]
    if is_test:
        yield from judge_leaks(found.lines)
