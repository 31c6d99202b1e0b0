"""Model card and data card: the last sections of every network's report.

sections += build_cards({"gan": weights / "gan"}, read_data_card(evaluation), about=About(…))
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.evaluation.data_card import ALL, DataCard, GroupCount
from tasks.evaluation.groups import MIN_PEOPLE, UNKNOWN
from tasks.report.dataset.card import FORBIDDEN, INTENDED, SOURCES
from tasks.report.networks.page import Bullets, Caution, Item, Section, Subheading
from tasks.report.tables import Cell, Column, Table
from tasks.training.weights import CARD, Card, read_card

SHOWN_HASH = 12
NATURE = (
    "It pictures what voice and face have statistically in common (gender, age, build of the "
    "head) and fills in the rest from the faces it was trained on. It does not know who speaks "
    "and cannot identify anyone."
)
LIMITS = (
    "Whoever is rare among the training people is pictured worse, and nobody outside them is "
    "covered by the figures of this report.",
    "Labels of gender, age, ethnicity and nationality are the lists’ or a classifier’s own coarse "
    "words; they are not who somebody is.",
)


@dataclass(frozen=True)
class About:
    """What is the network's own: `does` ends “This network …”; `limits` come before the general."""

    does: str
    limits: tuple[str, ...] = ()
    intended: tuple[str, ...] = INTENDED


def build_cards(weights: Mapping[str, Path], data: DataCard, *, about: About) -> list[Section]:
    """Folders of `weights` hold a card, or folders that do. ValueError where there is none."""
    cards = dict(read_cards(weights))
    return [
        Section("model-card", "Model card", tuple(list_model_card(cards, about))),
        Section("data-card", "Data card", tuple(list_data_card(data))),
    ]


def read_cards(weights: Mapping[str, Path]) -> Iterator[tuple[str, Card]]:
    for name, folder in weights.items():
        inner = sorted(path.parent for path in folder.glob(f"*/{CARD}"))
        if inner and not (folder / CARD).is_file():
            yield from ((f"{name}/{path.name}", read_card(path)) for path in inner)
        else:
            yield name, read_card(folder)


def list_model_card(cards: Mapping[str, Card], about: About) -> Iterator[Item]:
    yield f"This network {about.does} {NATURE}"
    yield Subheading("Meant for")
    yield Bullets(about.intended)
    yield Subheading("Not to be used for")
    yield Bullets(FORBIDDEN)
    yield Subheading("Limits")
    yield Bullets((*about.limits, *LIMITS))
    notes = [
        f"{name.partition('/')[0]}: {note}" for name, card in cards.items() for note in card.notes
    ]
    if notes:
        yield Subheading("Where it departs from the paper, or the paper says nothing")
        yield Bullets(tuple(dict.fromkeys(notes)))
    yield Subheading("Weights")
    yield build_weights_table(cards)
    yield build_training_table(cards)


def build_weights_table(cards: Mapping[str, Card]) -> Table:
    columns = (
        *(Column("artefact"), Column("network", "code"), Column("values", "count")),
        *(Column("sha256", "code", "SHA-256"), Column("data", "code", "trained on")),
        *(Column("face_encoder", "text", "face features"), Column("git_commit", "code", "commit")),
    )
    rows = tuple(
        (
            *(name, card.network.removeprefix("models."), card.num_values),
            *(card.sha256[:SHOWN_HASH], _name_data(card)),
            *(card.face_encoder.get("encoder", ""), (card.git_commit or "")[:SHOWN_HASH]),
        )
        for name, card in cards.items()
    )
    return Table("weights", "Weights", columns, rows)


def _name_data(card: Card) -> str:
    return ", ".join(f"{name} {digest[:SHOWN_HASH]}" for name, digest in card.data.items())


def build_training_table(cards: Mapping[str, Card]) -> Table:
    """What each run said of itself when it ended."""
    columns = (Column("artefact"), Column("metric"), Column("value", "number"))
    rows = tuple(
        dict.fromkeys(
            (name.partition("/")[0], metric.replace("_", " "), value)
            for name, card in cards.items()
            for metric, value in card.metrics.items()
        )
    )
    note = "Quick figures without intervals, taken at the end of training."
    return Table("training_metrics", "What the runs measured themselves", columns, rows, note)


def list_data_card(data: DataCard) -> Iterator[Item]:
    num_lost = sum(count for _, count in data.lost)
    yield (
        f"Made from {name_sources(data)}. Of {data.num_listed:,} listed clips "
        f"{num_lost:,} could not be had or used; the figures are about those that were left."
    )
    if data.may_show_faces:
        yield Caution(
            "Every person here is drawn and every voice synthetic: the figures show that the "
            "evaluation works, not how good the method is on people."
        )
    yield build_people_table(data)
    rare = find_rare(data.counts)
    if rare:
        yield f"Groups of fewer than {MIN_PEOPLE} training people, who are pictured worst:"
        yield Bullets(tuple(rare))
    yield build_lost_table(data)


def name_sources(data: DataCard) -> str:
    known = [SOURCES[name].words if name in SOURCES else name for name in data.sources]
    return " and ".join(known) or "nothing"


def build_people_table(data: DataCard) -> Table:
    columns = (
        *(Column("data_set"), Column("attribute"), Column("group")),
        *(
            Column(f"{split}_{unit}", "count")
            for split in ("train", "val", "test")
            for unit in ("samples", "people")
        ),
    )
    rows: dict[tuple[str, str, str], dict[str, tuple[int, int]]] = {}
    for item in data.counts:
        cells = rows.setdefault((item.data_set, item.attribute, item.value), {})
        cells[item.split] = item.num_samples, item.num_people
    lines: tuple[tuple[Cell, ...], ...] = tuple(
        (*key, *(n for split in ("train", "val", "test") for n in cells.get(split, (0, 0))))
        for key, cells in rows.items()
    )
    return Table("people", "Who it was trained on and measured on", columns, lines, max_shown=80)


def find_rare(counts: Sequence[GroupCount]) -> list[str]:
    """One line a data set and attribute: its groups with fewer than MIN_PEOPLE training people."""
    rare: dict[str, list[str]] = {}
    for item in counts:
        is_group = item.split == "train" and item.attribute != ALL and item.value != UNKNOWN
        if is_group and item.num_people < MIN_PEOPLE:
            key = f"{item.data_set}, {item.attribute}"
            rare.setdefault(key, []).append(f"{item.value} ({item.num_people})")
    return [f"{key}: {', '.join(groups)}" for key, groups in rare.items()]


def build_lost_table(data: DataCard) -> Table:
    columns = (Column("reason", "code"), Column("clips", "count"))
    return Table("lost", "Listed clips that are in none of the data sets", columns, data.lost)
