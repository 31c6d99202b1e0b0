"""Everything that is measured of Speech2Face on held-out people, as lines of tables (SPEC 5.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from tasks.evaluation.bootstrap import Doubles, encode_people
from tasks.evaluation.fairness import PerSample, score_fairness
from tasks.evaluation.features import measure_features
from tasks.evaluation.held_out import HeldOut
from tasks.evaluation.matching import Items, Trials
from tasks.evaluation.picture_scores import Classifier, Pictures, get_predicted, score_agreement
from tasks.evaluation.recognition import (
    ANYBODY,
    draw_trial_lists,
    score_matching,
    share_won,
)
from tasks.evaluation.retrieval import (
    Ranks,
    compute_hits,
    rank_constant,
    rank_true,
)
from tasks.evaluation.scores import Floats, Score, make_missing
from tasks.evaluation.speech2face.attributes import list_classifiers
from tasks.evaluation.speech2face.distances import TABLE3, score_table2, score_table3
from tasks.evaluation.speech2face.names import ANGLE, GENDER, MATCHING, RECALL, VOICES
from tasks.evaluation.speech2face.pictures import Drawn
from tasks.evaluation.store import GUARDED, HEADLINE, Line, make_samples

RANK = 10


@dataclass(frozen=True)
class Heard:
    """Held-out people and the features [N, D] of their voices, by how much is heard.

    The last one is the whole; `constant` [D] is one answer for everybody.
    """

    held_out: HeldOut
    features: Mapping[str, Floats]
    constant: Floats
    trials: Mapping[str, Trials]

    @property
    def length(self) -> str:
        return [*self.features][-1]

    @property
    def whole(self) -> Floats:
        return self.features[self.length]

    @property
    def same(self) -> Floats:
        """[N, D]: the constant answer."""
        return np.broadcast_to(self.constant, self.held_out.features.shape)

    @property
    def people(self) -> list[str]:
        return list(self.held_out.people)


def join_heard(
    held_out: HeldOut,
    features: Mapping[str, Floats],
    constant: Floats,
    *,
    num_per_probe: int,
    seed: int = 0,
) -> Heard:
    items = Items(held_out.names, held_out.people)
    trials = draw_trial_lists(items, held_out.genders, num_per_probe=num_per_probe, seed=seed)
    return Heard(held_out, features, constant, trials)


def measure(
    heard: Heard, pictures: Pictures, drawn: Drawn, *, seed: int = 0
) -> tuple[list[Line], list[pa.Table]]:
    """Lines of the headline, Tables 2 and 3, matching and groups, and values per sample."""
    held_out, people = heard.held_out, encode_people(heard.people)
    per_sample = list_per_sample(heard, pictures, drawn)
    lines = [
        *(
            line
            for score in (score_table2, score_table3)
            for line in score(
                heard.features,
                held_out.features,
                people=people,
                constant=heard.constant,
                seed=seed,
            )
        ),
        *score_matching(
            {VOICES: heard.whole},
            held_out.features,
            lists=heard.trials,
            items=Items(held_out.names, held_out.people),
            genders=held_out.genders,
            constant=heard.same,
            seed=seed,
        ),
    ]
    main = list_main(lines, heard, pictures)
    groups = score_fairness(per_sample, held_out, seed=seed)
    samples = [
        make_samples(name, sample_ids=held_out.names, people=held_out.people, values=metric.values)
        for name, metric in per_sample.items()
    ]
    return [*main, *lines, *groups], samples


def list_main(lines: list[Line], heard: Heard, pictures: Pictures) -> list[Line]:
    """The headline and what must not get worse."""
    found = {(line.table, *line.labels): line.score for line in lines}
    named = (
        (HEADLINE, "1:2 matching", MATCHING, found["matching", VOICES, ANYBODY]),
        (
            GUARDED,
            f"true face among the first {RANK}",
            RECALL,
            found[TABLE3, heard.length, "cosine", "of_100", f"R@{RANK}"],
        ),
        (GUARDED, "gender of the picture", GENDER, score_genders(pictures)),
        (
            GUARDED,
            "angle to the true feature",
            ANGLE,
            found["table2", heard.length, "angle_deg"],
        ),
    )
    return [
        Line(table, (words,), replace(score, name=metric)) for table, words, metric, score in named
    ]


def choose_classifier(pictures: Pictures) -> Classifier | None:
    """The head where there is one, else the packaged network."""
    return next(iter(list_classifiers(pictures, "gender")), None)


def score_genders(pictures: Pictures) -> Score:
    classifier = choose_classifier(pictures)
    if classifier is None:
        return make_missing(GENDER, "nothing here tells genders of pictures")
    return score_agreement(pictures, "gender", classifier=classifier, role="from_voice")


def list_per_sample(heard: Heard, pictures: Pictures, drawn: Drawn) -> dict[str, PerSample]:
    """Values of the headline and of what is guarded, [N]; NaN where it was not looked."""
    true, trials = heard.held_out.features, heard.trials[ANYBODY]
    found = {
        MATCHING: PerSample(
            share_won(trials, heard.whole, true), share_won(trials, heard.same, true), True
        ),
        RECALL: compare_recall(heard),
        ANGLE: PerSample(
            measure_angles(heard.whole, true), measure_angles(heard.same, true), False
        ),
    }
    if (classifier := choose_classifier(pictures)) is not None:
        found[GENDER] = compare_genders(pictures, drawn, classifier, num_rows=len(true))
    return found


def measure_angles(first: Floats, second: Floats) -> Doubles:
    return measure_features(first, second)["angle_deg"]


def compare_recall(heard: Heard) -> PerSample:
    """Is the true face among the first RANK of the small gallery, by cosine?"""
    codes = encode_people(heard.people)
    true, both = heard.held_out.features, (codes, codes)
    ranks = rank_true(heard.whole, true, distances=("cosine",), people=both)["cosine"]
    base = rank_constant(heard.constant, true, distances=("cosine",), people=both)["cosine"]
    return PerSample(_hit(ranks), _hit(base), True)


def _hit(ranks: Ranks) -> Doubles:
    hits = compute_hits(ranks, reading="of_100", rank=RANK)
    nothing = np.full(len(ranks.num_nearer), np.nan)
    return nothing if hits is None else np.asarray(hits, np.float64)


def compare_genders(
    pictures: Pictures, drawn: Drawn, classifier: Classifier, *, num_rows: int
) -> PerSample:
    """1 where the picture from the voice has the original's gender; the constant is the most
    frequent one."""
    first = get_predicted(pictures, classifier, "original", "gender")
    second = get_predicted(pictures, classifier, "from_voice", "gender")
    known = [label for label in first if label is not None]
    usual = max(sorted(set(known)), key=known.count, default=None)
    values, constant = np.full(num_rows, np.nan), np.full(num_rows, np.nan)
    for row, own, made in zip(drawn.rows, first, second, strict=True):
        if own is not None and made is not None:
            values[row], constant[row] = own == made, own == usual
    return PerSample(values, constant, True)
