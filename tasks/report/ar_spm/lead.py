"""The first screen of AR-SPM's report, below its headline."""

from collections.abc import Iterator

from models.ar_spm_priors import VARIANTS
from tasks.evaluation.ar_spm.names import CONSTANT, CONSTANT_BY_GENDER, FACE_TO_FACE, ORIGINAL
from tasks.evaluation.recognition import ANYBODY
from tasks.report.ar_spm.reading import Evaluation
from tasks.report.networks.heads import warn_of_gender
from tasks.report.networks.page import Item, words
from tasks.report.render import link_number


def show_lead(found: Evaluation) -> Iterator[Item]:
    facts = found.facts
    angle = found.get("table4", facts.default, "unprimed", "angle_deg")
    constant = found.get("table4", CONSTANT, "unprimed", "angle_deg")
    if angle.value is not None and constant.value is not None:
        yield words(
            "Its face feature is {}° from the true one; the prior alone, the same answer for "
            "everybody, is {}° from it.",
            link_number(angle.value, "table4", "number"),
            link_number(constant.value, "table4", "number"),
        )
    by_gender = found.get("matching", CONSTANT_BY_GENDER, ANYBODY)
    if by_gender.value is not None:
        yield words(
            "The prior of the gender that a classifier hears, one face for men and one for women, "
            "wins {} of the same trials.",
            link_number(by_gender.value, "matching", "share"),
        )
    gender, same = (found.get("table5", name, "total") for name in (facts.default, CONSTANT))
    if gender.value is not None and same.value is not None:
        yield words(
            "The pictures show the right gender in {}; one picture for everybody does in {}, "
            "pictures decoded from the true face in {}, the people’s own in {}.",
            *(
                link_number(score.value, "table5", "share")
                for score in (
                    *(gender, same),
                    *(found.get("table5", name, "total") for name in (FACE_TO_FACE, ORIGINAL)),
                )
            ),
        )
    yield from warn_of_gender(found.lines)
    faces = (found.get("found", name) for name in (facts.default, FACE_TO_FACE, ORIGINAL))
    yield words(
        "A detector finds a face in {} of its pictures, in {} of those decoded from the true face, "
        "in {} of the people’s own.",
        *(link_number(score.value, "found", "share") for score in faces),
    )
    yield (
        f"Measured on {facts.num_measured:,} of the {facts.num_available:,} test pairs that could "
        f"be had, of {facts.num_people:,} people that no part was trained on; the face features "
        f"are the {facts.dimension:,} numbers of {facts.face_encoder.replace('_', ' ')}."
    )
    missing = [name for name in VARIANTS if name not in facts.variants]
    if missing:
        yield (
            f"Here is the model {facts.default} alone. The other variants of Table 4 "
            f"({', '.join(missing)}) come with make reproduce, in reports/variants/ar_spm."
        )
