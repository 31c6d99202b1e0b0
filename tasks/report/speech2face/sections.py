"""The sections of Speech2Face's report, in the order of the paper."""

from collections.abc import Iterator

from tasks.evaluation.head_names import HEADS
from tasks.evaluation.retrieval import READINGS
from tasks.evaluation.store import select_lines
from tasks.report.figures import Figure
from tasks.report.networks.heads import show_heads
from tasks.report.networks.leaks import judge_leaks
from tasks.report.networks.page import Caution, Doubt, Item, Section, Subheading, words
from tasks.report.pictures.tables import build_craniofacial
from tasks.report.speech2face import figures, tables, texts
from tasks.report.speech2face.lead import recall_gallery
from tasks.report.speech2face.reading import Evaluation

NO_CLASSIFIER = (
    "Nothing here tells genders, ages or ethnicities: no labels are known of the training people, "
    "no folder of labelled faces is named (evaluation.labelled_faces), and the packaged classifier "
    "is not installed."
)
REAL_PEOPLE = "Pictures of the people themselves are not shown: they are real."
NOT_TRAINED = (
    "The networks trained in other ways are not part of this run: make reproduce trains them and "
    "writes the same report with them, reports/variants/speech2face."
)


def list_sections(found: Evaluation) -> list[Section]:
    made = [
        Section("faces", "Faces from voices (Fig. 3, 6)", tuple(show_faces(found))),
        Section("attributes", "Gender, age, ethnicity (Fig. 4)", tuple(show_attributes(found))),
        Section("shape", "The face’s shape (Fig. 5)", tuple(show_shape(found))),
        Section("distances", "Feature similarity (Table 2)", tuple(show_distances(found))),
        Section("retrieval", "Finding the true face (Table 3)", tuple(show_retrieval(found))),
        Section("durations", "Longer and shorter voices (Fig. 6)", tuple(show_lengths(found))),
        Section("nearest", "Nearest faces (Fig. 7)", tuple(show_nearest(found))),
        Section("training", "Training and ablations (Fig. 8, 9)", tuple(show_training(found))),
        Section("segments", "The same voice again (Fig. 10)", tuple(show_segments(found))),
        Section("map", "Voices on a plane (t-SNE)", tuple(show_map(found))),
        Section("groups", "By group of people", tuple(show_groups(found))),
        Section("leaks", "What a voice must not tell", tuple(show_leaks(found))),
        Section("missing", "What could not be measured", tuple(show_missing(found))),
    ]
    return [section for section in made if section.items]


def show_faces(found: Evaluation) -> Iterator[Item]:
    yield (
        "Unseen people, chosen at random. The second column is what the decoder makes of the true "
        "face’s feature, and so the best that a voice could do; below the pictures from voices "
        "stands the angle between the two features."
    )
    if not found.data.may_show_faces:
        yield REAL_PEOPLE
    yield from pick(found, "triplets")


def pick(found: Evaluation, name: str) -> Iterator[Figure]:
    if name in found.galleries:
        yield found.galleries[name]


def show_attributes(found: Evaluation) -> Iterator[Item]:
    facts = found.facts
    if not facts.classifier:
        yield Caution(NO_CLASSIFIER)
        return
    yield texts.OPEN_TOOLS
    yield tables.build_agreement(found.lines)
    yield from figures.draw_confusions(found.counted, facts.classifier).values()
    yield words(
        "The counts behind these, and those of the other classifiers, are in the CSVs named "
        "<code>confusion_…</code>: empty rows are answers that nobody’s own picture got."
    )
    if found.counted.histogram:
        yield Subheading("Label histogram of the training people (Fig. 4b)")
        yield figures.draw_histogram(found.counted)
    yield Subheading("How good the classifiers are")
    if select_lines(found.lines, HEADS):
        yield (
            f"The heads were fitted on {facts.heads_source}: {facts.num_fitted:,} faces, and "
            f"{facts.num_fitted_drawn:,} of them as the decoder draws them. {texts.HEADS}"
        )
        yield from show_heads(found.lines)
    yield tables.build_right(found.lines)


def show_shape(found: Evaluation) -> Iterator[Item]:
    shapes = found.shapes[0]
    yield (
        "Twelve measures after Farkas, from 68 landmarks of the picture made from the face and of "
        "the one made from the voice, and Pearson’s r between the two over all people. The paper "
        "used 1,000 pairs."
    )
    yield figures.draw_shapes(shapes.measures)
    yield build_craniofacial({"all": shapes.measures})
    yield tables.build_choices(found.shapes)
    yield Doubt(texts.JAW_DOUBT)


def show_distances(found: Evaluation) -> Iterator[Item]:
    yield (
        f"The network was trained on {found.facts.trained_seconds:g} s and is asked with "
        f"{' and with '.join(found.facts.lengths)} of each voice. “One answer for all” is the "
        "training people’s mean feature; “other people’s faces” are the same answers compared with "
        "faces of somebody else: only what is below both was heard in the voice."
    )
    yield tables.build_table2(found.lines)
    yield Doubt(texts.UNITS_DOUBT)


def show_retrieval(found: Evaluation) -> Iterator[Item]:
    size = recall_gallery(found)
    yield (
        f"Each of {found.facts.num_measured:,} voices asks for its face by its feature. Further "
        "faces of the same person do not count as others."
    )
    if size < 100:
        yield Caution(
            f"A gallery of 100 cannot be filled here: it is one of {size} faces, so chance is "
            f"K in {size} instead of K in 100."
        )
    titles = {
        "of_100": f"Table 3, reading a: the true face among {size - 1} random others",
        "percent": f"Reading b: rank within the first K % of {found.facts.num_measured:,}",
        "absolute": f"Reading c: rank within the first K of {found.facts.num_measured:,}",
    }
    for reading in READINGS:
        yield tables.build_table3(found.lines, reading, title=titles[reading])
    yield Doubt(texts.GALLERY_DOUBT)
    yield words(
        'Intervals and counts of every recall are in <a href="tables/retrieval_all.csv">'
        "retrieval_all.csv</a>."
    )
    yield Subheading("1:2 matching")
    yield (
        "Not in the paper, but the same question in its simplest form: which of two faces is the "
        "speaker’s? The gender oracle knows the gender of both faces and of the voice and nothing "
        "else."
    )
    yield tables.build_matching(found.lines)


def show_lengths(found: Evaluation) -> Iterator[Item]:
    if len(found.facts.lengths) < 2:
        return
    yield words(
        'The last columns of <a href="#faces">the pictures above</a> are of the same network, '
        "asked with {} and with {} of the same voice. Clips shorter than that are repeated up to "
        "it, as in the paper. The angles are in Table 2, the recalls in Table 3.",
        *found.facts.lengths,
    )


def show_nearest(found: Evaluation) -> Iterator[Item]:
    yield (
        f"Of all {found.facts.num_measured:,} test faces the five whose features are nearest to "
        "the voice’s, by cosine; ✓ marks the speaker."
    )
    if not found.data.may_show_faces:
        yield REAL_PEOPLE
    yield from pick(found, "nearest")


def show_training(found: Evaluation) -> Iterator[Item]:
    drawn = figures.draw_training(found.curves)
    if drawn:
        yield drawn
    if not found.facts.variants:
        yield NOT_TRAINED
        return
    yield (
        "The paper finds that without batch norm the network collapses to an average face (spread "
        "0), that the length of the training voices hardly matters for convergence, and that a "
        "loss on pixels gives poorer, less varied faces."
    )
    yield from pick(found, "variants")
    yield tables.build_ablations(found.lines)
    losses = figures.draw_ablations(found.curves)
    if losses:
        yield losses


def show_segments(found: Evaluation) -> Iterator[Item]:
    yield (
        "How far apart are the features of two recordings? Those of one person ought to be nearer "
        "to each other than those of two; “face” gives the same angles between the true faces."
    )
    if found.facts.has_parts:
        yield (
            "Two parts of one clip are its first and its last 3 s; where a clip is shorter than "
            f"{found.facts.length} and was repeated, they share some of what is said."
        )
    yield tables.build_segments(found.lines)
    yield from pick(found, "segments")


def show_map(found: Evaluation) -> Iterator[Item]:
    if not found.places:
        return
    yield (
        "Each point is a voice of somebody unseen, placed so that near features lie near each "
        "other. Distances between clusters mean nothing. Ages: young under 35, mid to 65, elder "
        "above."
    )
    yield figures.draw_map(found.places)


def show_groups(found: Evaluation) -> Iterator[Item]:
    yield "Where a group has fewer than 20 people, its row says so: do not read much into it."
    yield tables.build_groups(found.lines)


def show_leaks(found: Evaluation) -> Iterator[Item]:
    if not select_lines(found.lines, "leaks"):
        return
    if found.data.may_show_faces:
        yield (
            "In the embedded corpus a person’s ethnicity never reaches the voice. So ethnicity "
            "read from an unseen voice’s feature must be at chance: anything else would be a leak "
            "between training and test. Gender, which does reach the voice, is the control."
        )
    else:
        yield (
            "What heads read from the feature of an unseen voice. On real people, ethnicity above "
            "chance may come from language and accent."
        )
    yield tables.build_leaks(found.lines)
    if found.data.may_show_faces:
        yield from judge_leaks(found.lines)


def show_missing(found: Evaluation) -> Iterator[Item]:
    yield (
        "Figures 11 to 13 of the paper are not here: they need recordings of one person in two "
        "languages, which no list here marks, and a demonstration with cartoons."
    )
    yield (
        "Attributes and shape need a face in the drawn picture. Where a detector finds none, the "
        "picture counts as missing in every table that needs one, never as wrong or right."
    )
    yield tables.build_missing(found.facts)
