"""The first screen of Speech2Face's report, below its headline."""

from collections.abc import Iterator

from tasks.evaluation.recognition import ANYBODY, GENDER_ORACLE, SAME_GENDER
from tasks.evaluation.speech2face.attributes import AGREEMENT
from tasks.evaluation.speech2face.names import ANGLE, GENDER, RECALL, VOICES
from tasks.report.networks.heads import warn_of_gender
from tasks.report.networks.page import Item, words
from tasks.report.render import link_number
from tasks.report.speech2face import tables
from tasks.report.speech2face.reading import Evaluation

NUM_PUBLISHED = 5000  # test samples of Tables 2 and 3


def show_lead(found: Evaluation) -> Iterator[Item]:
    facts = found.facts
    angle, recall, gender = (found.get_guarded(name) for name in (ANGLE, RECALL, GENDER))
    scores = tables.index_lines(found.lines, "matching")
    stratified, oracle = scores[VOICES, SAME_GENDER], scores[GENDER_ORACLE, ANYBODY]
    if stratified.value is not None and oracle.value is not None:
        yield words(
            "Against people of the same gender it is {} ({} to {}); who knows the genders and "
            "nothing else wins {} of all trials.",
            link_number(stratified.value, "matching", "share"),
            link_number(stratified.low, "matching", "share"),
            link_number(stratified.high, "matching", "share"),
            link_number(oracle.value, "matching", "share"),
        )
    if angle.value is not None:
        yield words(
            "Its feature is {}° from the true face’s; the training people’s mean, the same answer "
            "for everybody, is {}° from it (the paper: 45.75° for 6 s, with another face encoder "
            "and other people).",
            link_number(angle.value, "table2", "number"),
            link_number(angle.constant, "table2", "number"),
        )
    if recall.value is not None:
        yield words(
            "Among the ten nearest of {} faces the true one is found in {}; a random order finds "
            "it in {}.",
            str(recall_gallery(found)),
            link_number(recall.value, "table3_of_100", "share"),
            link_number(recall.chance, "table3_of_100", "share"),
        )
    if gender.value is not None:
        yield words(
            "The picture made from the voice has the gender of the person’s own picture in {} (one "
            "answer for all: {}; the picture made from the face: {}; the paper: 94 %); in {} of {} "
            "pictures from voices no face was found.",
            link_number(gender.value, "agreement", "share"),
            link_number(gender.constant, "agreement", "share"),
            link_number(get_control(found), "agreement", "share"),
            link_number(facts.no_face["from_voice"], "missing"),
            link_number(facts.num_drawn, "missing"),
        )
        yield from warn_of_gender(found.lines)
    yield (
        f"Measured on {facts.num_measured:,} of the {facts.num_available:,} test pairs that could "
        f"be had, of {facts.num_people:,} people that no part was trained on (the paper: "
        f"{NUM_PUBLISHED:,} pairs of AVSpeech); the face features are the {facts.dimension:,} "
        f"numbers of {facts.face_encoder.replace('_', ' ')}."
    )


def get_control(found: Evaluation) -> float | None:
    """Gender of the pictures made from faces, by the classifier of the headline's."""
    scores = tables.index_lines(found.lines, AGREEMENT)
    return scores["gender", found.facts.classifier, "from_face"].value


def recall_gallery(found: Evaluation) -> int:
    """How many faces the small gallery has: K of them are found by chance in K / size."""
    score = found.get_guarded(RECALL)
    return round(10 / score.chance) if score.chance else 0
