"""All that is measured of WEN's networks, in the order of the paper (SPEC 5.1, 5.2)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from tasks.evaluation.data_card import ALL, SPLITS, DataCard
from tasks.evaluation.galleries import Gallery
from tasks.evaluation.noise import Samples
from tasks.evaluation.scores import Score, make_missing
from tasks.evaluation.store import GUARDED, HEADLINE, Line
from tasks.evaluation.voice2face import galleries as shows
from tasks.evaluation.voice2face.classifiers import ClassifierRecipe, fit_classifier
from tasks.evaluation.voice2face.corpus import has_rows, read_labels
from tasks.evaluation.voice2face.durations import (
    Speech,
    draw_durations,
    draw_segments,
    score_durations,
    score_segments,
)
from tasks.evaluation.voice2face.identity import (
    HELD_OUT_WORDS,
    REAL_WORDS,
    SEEN_WORDS,
    score_genders,
    score_identity,
)
from tasks.evaluation.voice2face.leaks import score_leaks
from tasks.evaluation.voice2face.matching import (
    Outcome,
    draw_contest,
    list_others,
    match_faces,
    score_by_group,
    write_contest,
)
from tasks.evaluation.voice2face.networks import Networks
from tasks.evaluation.voice2face.published import TABLE_1
from tasks.evaluation.voice2face.realness import (
    draw_noise,
    score_noise_faces,
    score_realness,
)
from tasks.evaluation.voice2face.splits import DATA_SETS, Corpus
from tasks.face.encoders import FaceEncoder
from tasks.params import EvaluationParams, Voice2FaceEvaluationParams

TRUNK, INDEPENDENT = "trunk", "independent"
HEADLINE_METRIC = "matching_test_all"
GUARDED_METRICS = ("matching_test_gender", "held_out_top1", "gender_generated")


@dataclass(frozen=True)
class Settings:
    """`encoder` sees how alike faces are."""

    params: Voice2FaceEvaluationParams
    shared: EvaluationParams
    encoder: FaceEncoder

    @property
    def seed(self) -> int:
        return self.shared.seed

    @property
    def recipe(self) -> ClassifierRecipe:
        params = self.params
        return ClassifierRecipe(params.classifier_steps, params.classifier_batch, self.seed)


def count_table_1(data: DataCard, shards: Path) -> Iterator[Line]:
    """Segments, pictures and people (with both) beside the paper's."""
    totals = {(item.data_set, item.split): item for item in data.counts if item.attribute == ALL}
    for split in SPLITS:
        voices, faces = totals["voices", split], totals["faces", split]
        num_people = len(set.intersection(*(read_people(shards / n / split) for n in DATA_SETS)))
        counts = {
            "speech segments": voices.num_samples,
            "face images": faces.num_samples,
            "subjects": num_people,
        }
        for words, count in counts.items():
            name = f"{words.replace(' ', '_')}_{split}"
            published = float(TABLE_1[words][split])
            score = Score(
                name, float(count), count, num_people, published=published, reason="a count"
            )
            yield Line("table_1", (words, split), score)


def read_people(folder: Path) -> set[str]:
    return set(read_labels(folder).items.people) if has_rows(folder) else set()


def measure_tables(networks: Networks, corpus: Corpus, *, out: Path, settings: Settings) -> Outcome:
    """Matching, identity, gender and leaks; the trial lists are written to `out`."""
    outcome, seed = match_splits(networks, corpus, out=out, settings=settings), settings.seed
    keys = [("test_all", TRUNK), ("test_gender", TRUNK)]
    outcome.lines.extend(score_by_group(outcome, keys, seed=seed))
    for voices, words in ((corpus.held_out, HELD_OUT_WORDS), (corpus.train, SEEN_WORDS)):
        pictures = torch.empty(0) if voices is None else voices.pictures
        who = None if voices is None else voices.who
        outcome.add(*score_identity(networks, pictures, who, words=words, seed=seed))
    faces = corpus.train_faces
    outcome.add(*score_identity(networks, faces.pictures, faces.who, words=REAL_WORDS, seed=seed))
    judge = fit_classifier(
        faces, faces.who.labels["gender"], networks=networks, recipe=settings.recipe
    )
    outcome.add(*score_genders(judge, corpus.test, corpus.test_faces, seed=seed))
    outcome.lines.extend(
        score_leaks(networks, corpus.train, corpus.test, faces, recipe=settings.recipe, seed=seed)
    )
    return outcome


def match_splits(networks: Networks, corpus: Corpus, *, out: Path, settings: Settings) -> Outcome:
    """Table 3: both splits and strata, faces compared by the trunk and by a network of its kind
    that was trained on real faces alone."""
    outcome, seed, faces = Outcome(), settings.seed, corpus.train_faces
    trunks = {TRUNK: networks.gan.trunk}
    people = list(faces.who.items.people)
    independent = fit_classifier(faces, people, networks=networks, recipe=settings.recipe)
    if independent is not None:
        trunks[INDEPENDENT] = independent.trunk
    num_train = max(1, round(settings.params.train_trials / len(corpus.train.who)))
    for split, voices, real, num_per_probe in (
        ("train", corpus.train, corpus.train_faces, num_train),
        ("test", corpus.test, corpus.test_faces, settings.params.trials_per_voice),
    ):
        for stratum in ("U", "G"):
            contest = draw_contest(
                split,
                "G" if stratum == "G" else "U",
                voices=voices.who,
                faces=real.who,
                num_per_probe=num_per_probe,
                seed=seed,
            )
            write_contest(contest, out)
            match_faces(
                contest,
                voices,
                real,
                trunks=trunks,
                device=networks.device,
                outcome=outcome,
                seed=seed,
            )
        outcome.lines.extend(list_others(split))
    return outcome


def measure_figures(
    networks: Networks,
    corpus: Corpus,
    *,
    sounds: list[Samples],
    speech: list[Speech],
    settings: Settings,
) -> tuple[list[Line], dict[str, Gallery]]:
    """Figures 2, 3, 4 and 5 and D's scores."""
    seed, params, real = settings.seed, settings.params, corpus.test_faces
    noise = draw_noise(networks, sounds, seed=seed)
    heard = draw_durations(networks, speech)
    segments = draw_segments(networks, speech, num_segments=params.num_segments)
    lines = [
        *score_noise_faces(networks, noise, corpus.test, encoder=settings.encoder, seed=seed),
        *score_realness(
            networks, corpus.test, real, sounds, num_samples=params.num_realness, seed=seed
        ),
        *score_durations(networks, heard, real, num_per_probe=params.trials_per_voice, seed=seed),
        *score_segments(networks, segments, seed=seed),
    ]
    galleries = {
        "noise_faces": shows.show_noise(noise),
        "duration_faces": shows.show_durations(heard, real),
        "example_faces": shows.show_examples(corpus.test, real),
        "segment_faces": shows.show_segments(segments, real),
    }
    return lines, {name: gallery for name, gallery in galleries.items() if gallery is not None}


def name_headline(lines: list[Line]) -> Iterator[Line]:
    """The lines that later runs are compared by."""
    by_name = {line.score.name: line for line in lines if line.table != "groups"}
    missing = make_missing(HEADLINE_METRIC, "no test people with voice and face")
    found = by_name.get(HEADLINE_METRIC, Line(HEADLINE, ("1:2 matching",), missing))
    yield replace(found, table=HEADLINE)
    for name in GUARDED_METRICS:
        if name in by_name:
            yield replace(by_name[name], table=GUARDED)
