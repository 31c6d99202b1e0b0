"""AR-SPM's report: its sections, first screen and metrics."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from models.ar_spm_priors import VARIANTS
from tasks.evaluation.ar_spm.names import CONSTANT
from tasks.evaluation.scores import Score, flatten_scores
from tasks.evaluation.store import GUARDED, get_headline, select_lines
from tasks.report.ar_spm import figures, tables
from tasks.report.ar_spm import words as texts
from tasks.report.ar_spm.lead import show_lead
from tasks.report.ar_spm.pivot import WITH_VARIANTS, index_lines
from tasks.report.ar_spm.reading import Evaluation, read_evaluation
from tasks.report.networks.card import build_cards
from tasks.report.networks.gallery import PICTURE_COLUMNS
from tasks.report.networks.headline import build_headline
from tasks.report.networks.heads import show_heads
from tasks.report.networks.leaks import judge_leaks
from tasks.report.networks.page import Caution, Doubt, Item, Page, Section, build_page
from tasks.report.render import Report
from tasks.report.tables import Cell

TITLE = "AR-SPM: faces from voices with a prior (Wang et al. 2020)"
EMBEDDED = ("sample",)


def build_report(folder: Path, weights: Mapping[str, Path]) -> Report:
    """`weights` are the folders whose cards are shown, by artefact."""
    found = read_evaluation(folder)
    losses = figures.read_curves(folder)
    headline = build_headline(
        f"Of two faces, AR-SPM ({found.facts.default}) picks the speaker’s own in {{}} of trials",
        get_headline(found.lines).score,
        table="matching",
        figure="fig6",
    )
    sections = [
        Section("prior", "The prior face (Table 1, Fig. 2)", tuple(show_prior(found))),
        Section("decoder", "The face decoder (Fig. 4)", tuple(show_decoder(found))),
        Section("distances", "Distance to the true face (Table 4)", tuple(show_distances(found))),
        Section("training", "Training with and without a prior (Fig. 5)", show_training(losses)),
        Section("faces", "Faces from voices (Fig. 6)", tuple(show_faces(found))),
        Section("attributes", "Gender and age (Tables 5, 6)", tuple(show_attributes(found))),
        Section("recognition", "Whose face is it?", tuple(show_recognition(found))),
        Section("groups", "By group of people", tuple(show_groups(found))),
        Section("leaks", "What a voice must not tell", tuple(show_leaks(found))),
        *build_cards(weights, found.data, about=texts.ABOUT),
    ]
    page = Page(TITLE, headline, sections, tuple(show_lead(found)), list_logs(found, losses))
    return build_page(page, metrics=flatten_scores(name_metrics(found)))


def list_logs(
    found: Evaluation, losses: figures.Losses
) -> dict[str, tuple[tuple[str, ...], list[tuple[Cell, ...]]]]:
    points: list[tuple[Cell, ...]] = [
        (name, step, loss)
        for name, (steps, values) in losses.items()
        for step, loss in zip(steps, values, strict=True)
    ]
    return {
        "curves": (("model", "step", "loss"), points),
        "retrieval_all": tables.list_retrieval(found.lines),
        "pictures": (PICTURE_COLUMNS, found.pictures),
    }


def show_prior(found: Evaluation) -> Iterator[Item]:
    faces = found.facts.faces
    counts = ", ".join(f"{name} {count:,}" for name, count in faces.items())
    yield (
        "The prior is the mean face feature of many training faces. The paper takes its 10,000 "
        "faces as enough because one mean hardly differs from the next. There are here, at most: "
        f"{counts} faces; the last step takes all, and the paper’s larger steps cannot be made of "
        "fewer. Each number is the mean over random orders of the faces; 95 % of the orders lie "
        "between “from” and “to”."
    )
    plain, scaled = tables.build_table1(found.lines)
    yield plain
    yield scaled
    yield Doubt(texts.PRIOR_DOUBT)
    yield found.galleries["fig2"]


def show_decoder(found: Evaluation) -> Iterator[Item]:
    yield (
        "The face decoder reads a face feature and draws 224 × 224 pixels. What it loses here is "
        "lost before any voice is heard: face-to-face is the upper limit of every row below."
    )
    if not found.data.may_show_faces:
        yield "Pictures of the people themselves are not shown: they are real."
    yield found.galleries["fig4"]
    yield tables.build_found(found.lines)


def show_distances(found: Evaluation) -> Iterator[Item]:
    yield (
        "Every row has a constant predictor beside it: the neutral prior for everybody, and the "
        "prior of the gender that the classifier hears. A model that is not nearer than these has "
        "learnt nothing of the voice."
    )
    yield tables.build_table4(found.lines)
    yield figures.draw_angles(found.lines)
    yield tables.build_table4_paper()
    for text in (
        texts.DEGREES_DOUBT,
        texts.OUTLIER_DOUBT,
        texts.CONSTANT_DOUBT,
        texts.S2F_DOUBT,
        texts.FUSION_DOUBT,
    ):
        yield Doubt(text)


def show_training(losses: figures.Losses) -> tuple[Item, ...]:
    absent = [name for name in figures.COMPARED if name not in losses]
    note = (f"Not trained here: {', '.join(absent)}; {WITH_VARIANTS} does.",) if absent else ()
    words_before = (
        "The paper reports faster convergence with the neutral prior, and two early spikes of the "
        "loss only without it."
    )
    return (words_before, *note, *figures.draw_losses(losses), figures.build_curves_table(losses))


def show_faces(found: Evaluation) -> Iterator[Item]:
    yield (
        "The same unseen people in every row, chosen at random; the constant rows show one picture "
        "for all, or one for each gender heard."
    )
    yield found.galleries["fig6"]


def show_attributes(found: Evaluation) -> Iterator[Item]:
    facts = found.facts
    yield (
        f"Gender is compared with {facts.gender_source}, age with {facts.age_source}. Both are "
        "read off the pictures by linear heads on face features that were fitted on "
        f"{facts.heads_source}: one for people’s own pictures, one for the decoder’s. The row "
        "“original” is their control."
    )
    yield from tables.build_attribute_tables(found.lines)
    yield Doubt(texts.GENDER_DOUBT)
    yield Doubt(texts.AGE_DOUBT)
    if select_lines(found.lines, "packaged"):
        yield tables.build_packaged(found.lines)
    yield from show_heads(found.lines)
    yield tables.build_voice_gender(found.lines)
    yield Doubt(texts.VOICE_DOUBT)
    yield Doubt(texts.CODE_DOUBT.format(found.facts.code_reduction))


def show_recognition(found: Evaluation) -> Iterator[Item]:
    facts = found.facts
    yield (
        f"Not in the paper, and what best says how much of a person a voice gives. Each of the "
        f"{facts.num_measured:,} voices meets {facts.trials_per_voice} pairs of its speaker’s face "
        "and another’s; the nearer one by cosine is picked. The gender oracle knows the gender and "
        "nothing else."
    )
    yield tables.build_matching(found.lines)
    if reason := tables.describe_gallery(found.lines):
        yield Caution(f"Not the 100 faces of Speech2Face’s Table 3, but {reason}.")
    yield tables.build_retrieval(found.lines)
    yield "All readings and ranks are in tables/retrieval_all.csv."


def show_groups(found: Evaluation) -> Iterator[Item]:
    yield (
        "The headline and the two guarded metrics of the default model. The constant column is the "
        "prior for everybody within the group: a group whose faces lie near the mean is easier."
    )
    yield from tables.build_groups(found.lines)


def show_leaks(found: Evaluation) -> Iterator[Item]:
    if not select_lines(found.lines, "leaks"):
        yield "No labelled faces: nothing to tell."
        return
    if tuple(found.facts.sources) != EMBEDDED:
        yield (
            "How well gender and ethnicity can be told from the fused feature of an unseen voice. "
            "On these recordings language and accent may tell of ethnicity: not a test of leaks."
        )
        yield tables.build_leaks(found.lines)
        return
    yield (
        "The embedded corpus’s voices are independent of its people’s ethnicity: from an unseen "
        "voice it must come out at chance, or something leaks from training to test people. Gender "
        "is the control: voices have it. One head was fitted on true face features, one on the "
        "features of the training voices."
    )
    yield tables.build_leaks(found.lines)
    yield from judge_leaks(found.lines)


def name_metrics(found: Evaluation) -> dict[str, Score]:
    """Flat names for `dvc metrics`; a variant's "+" becomes "_"."""
    main = [get_headline(found.lines), *select_lines(found.lines, GUARDED)]
    metrics = {line.score.name: line.score for line in main}
    for (model, space, measure), score in index_lines(found.lines, "table4").items():
        if model in (*VARIANTS, CONSTANT):
            metrics[f"{name_key(model)}_{space}_{measure}"] = score
    for table, word in (("table5", "gender"), ("table6", "age")):
        for (model, label), score in index_lines(found.lines, table).items():
            if label == "total" and model in (*VARIANTS, CONSTANT):
                metrics[f"{name_key(model)}_{word}"] = score
    for (model, other), score in index_lines(found.lines, "matching").items():
        if model in VARIANTS:
            metrics[f"{name_key(model)}_matching_{name_key(other)}"] = score
    for (attribute, head), score in index_lines(found.lines, "leaks").items():
        metrics[f"leak_{attribute}_{name_key(head)}"] = score
    return metrics


def name_key(label: str) -> str:
    return label.translate(str.maketrans("+- ", "___"))
