"""Everything that is measured of AR-SPM on held-out people, as lines of tables (SPEC 5.6)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from models.ar_spm_priors import VARIANTS
from tasks.evaluation.ar_spm.answers import Answers
from tasks.evaluation.ar_spm.attributes import (
    Truth,
    compare_genders,
    find_truth,
    list_missing,
    read_pictures,
    score_attributes,
)
from tasks.evaluation.ar_spm.distances import measure_angles, score_table4
from tasks.evaluation.ar_spm.names import (
    CONSTANT,
    FACE_TO_FACE,
    ORIGINAL,
    PICTURES,
)
from tasks.evaluation.ar_spm.published import VOICE_GENDER_ACCURACY
from tasks.evaluation.attributes import bin_in_thirds, score_agreement
from tasks.evaluation.bootstrap import encode_people, score_mean
from tasks.evaluation.fairness import PerSample, score_fairness
from tasks.evaluation.heads import Heads
from tasks.evaluation.held_out import HeldOut
from tasks.evaluation.linear_head import Attributes
from tasks.evaluation.matching import Items, Trials
from tasks.evaluation.recognition import (
    ANYBODY,
    draw_trial_lists,
    score_matching,
    score_retrieval,
    share_won,
)
from tasks.evaluation.scores import Floats, Indices
from tasks.evaluation.store import GUARDED, HEADLINE, Line, make_samples

MATCHING, ANGLE, GENDER = "matching", "angle_deg", "gender_accuracy"


@dataclass(frozen=True)
class Examined:
    """Held-out people, what the models answer, and what heads see in their pictures.

    `seen` and `truth` are None where no head could be fitted. `default` names the model that the
    headline is of.
    """

    held_out: HeldOut
    answers: Answers
    default: str
    trials: Mapping[str, Trials]
    num_per_probe: int
    seen: Mapping[str, Attributes] | None
    truth: Truth | None
    seed: int

    @property
    def items(self) -> Items:
        return Items(self.held_out.names, self.held_out.people)

    @property
    def variants(self) -> list[str]:
        """The trained ones that are here."""
        return [name for name in self.answers.models if name in VARIANTS]

    @property
    def constant(self) -> Floats:
        """[N, D]: one answer for everybody."""
        constant = self.answers.models[CONSTANT].unprimed
        assert constant is not None
        return constant

    @property
    def fused(self) -> Floats:
        """[N, D] of the default model."""
        fused = self.answers.models[self.default].unprimed
        assert fused is not None
        return fused

    @property
    def primed(self) -> dict[str, Floats]:
        found = {name: model.primed for name, model in self.answers.models.items()}
        return {name: features for name, features in found.items() if features is not None}


def examine(
    held_out: HeldOut,
    answers: Answers,
    *,
    default: str,
    heads: Heads | None,
    num_per_probe: int,
    seed: int = 0,
) -> Examined:
    items = Items(held_out.names, held_out.people)
    trials = draw_trial_lists(items, held_out.genders, num_per_probe=num_per_probe, seed=seed)
    examined = Examined(held_out, answers, default, trials, num_per_probe, None, None, seed)
    if heads is None:
        return examined
    originals = heads.read(held_out.features, "real")
    seen = {ORIGINAL: originals, **read_pictures(heads, examined.primed)}
    return replace(examined, seen=seen, truth=find_truth(held_out.labels, originals))


def measure(examined: Examined) -> tuple[list[Line], list[pa.Table]]:
    """Lines of all tables but those of priors, heads and leaks, and values per sample."""
    held_out, people = examined.held_out, encode_people(examined.held_out.people)
    per_sample = list_per_sample(examined)
    lines = [
        *score_table4(
            examined.answers.models, held_out.features, people=people, seed=examined.seed
        ),
        *score_recognition(examined),
        *_score_attributes(examined),
        *score_found(examined.answers, people),
        *score_packaged_answers(examined, people),
        score_voice_gender(examined),
        *score_fairness(per_sample, held_out, seed=examined.seed),
    ]
    samples = [
        make_samples(name, sample_ids=held_out.names, people=held_out.people, values=metric.values)
        for name, metric in per_sample.items()
    ]
    return [*list_main(lines, examined.default), *lines], samples


def list_main(lines: list[Line], default: str) -> Iterator[Line]:
    """The headline and what must not get worse, out of the tables they stand in."""
    found = {(line.table, *line.labels): line.score for line in lines}
    headline = found["matching", default, ANYBODY]
    yield Line(HEADLINE, ("1:2 matching",), replace(headline, name=MATCHING))
    angle = found["table4", default, "unprimed", "angle_deg"]
    yield Line(GUARDED, ("angle to the true feature",), replace(angle, name=ANGLE))
    gender = found["table5", default, "total"]
    yield Line(GUARDED, ("gender of the picture",), replace(gender, name=GENDER))


def list_per_sample(examined: Examined) -> dict[str, PerSample]:
    """Values of the default model [N]; the gender of its pictures only where heads could see."""
    true, constant, trials = (
        examined.held_out.features,
        examined.constant,
        examined.trials[ANYBODY],
    )
    found = {
        MATCHING: PerSample(
            share_won(trials, examined.fused, true), share_won(trials, constant, true), True
        ),
        ANGLE: PerSample(
            measure_angles(examined.fused, true), measure_angles(constant, true), False
        ),
    }
    if examined.seen is not None and examined.truth is not None:
        right, same = (
            compare_genders(examined.truth.genders, examined.seen[name].genders)
            for name in (examined.default, CONSTANT)
        )
        found[GENDER] = PerSample(right, same, True)
    return found


def score_recognition(examined: Examined) -> Iterator[Line]:
    """Matching and retrieval by fused features, and by what is seen in the pictures."""
    primed = examined.primed
    queries = {
        **examined.answers.select(examined.answers.models),
        PICTURES.format(examined.default): primed[examined.default],
        PICTURES.format(FACE_TO_FACE): primed[FACE_TO_FACE],
    }
    held_out = examined.held_out
    yield from score_matching(
        queries,
        held_out.features,
        lists=examined.trials,
        items=examined.items,
        genders=held_out.genders,
        constant=examined.constant,
        seed=examined.seed,
    )
    yield from score_retrieval(
        queries,
        held_out.features,
        people=held_out.people,
        constant=examined.constant[0],
        seed=examined.seed,
    )


def _score_attributes(examined: Examined) -> Iterator[Line]:
    if examined.seen is None or examined.truth is None:
        return list_missing(list(examined.primed))
    people = encode_people(examined.held_out.people)
    return score_attributes(examined.seen, examined.truth, people=people, seed=examined.seed)


def score_found(answers: Answers, people: Indices) -> Iterator[Line]:
    """In how many of the first pictures a detector finds a face. Labels: model."""
    for name, has_face in answers.has_face.items():
        score = score_mean("face_found", has_face, people=people[: len(has_face)], is_share=True)
        yield Line("found", (name,), score)


def score_packaged_answers(examined: Examined, people: Indices) -> Iterator[Line]:
    """What the packaged classifier sees in the first pictures. Labels: model, attribute."""
    if examined.truth is None:
        return
    for name, found in examined.answers.packaged.items():
        count = len(found.genders)
        for attribute, true, said in (
            ("gender", examined.truth.genders, found.genders),
            ("age", examined.truth.ages, [bin_in_thirds(age) for age in found.ages]),
        ):
            score = score_agreement(
                f"packaged_{attribute}", true[:count], said, people=people[:count]
            )
            yield Line("packaged", (name, attribute), score)


def score_voice_gender(examined: Examined) -> Line:
    """The classifier of speech, which chooses the prior of the variants by gender."""
    score = score_agreement(
        "voice_gender",
        examined.held_out.genders,
        examined.answers.genders,
        people=encode_people(examined.held_out.people),
        published=VOICE_GENDER_ACCURACY,
        seed=examined.seed,
    )
    return Line("voice_gender", ("classifier of speech",), score)
