"""What `benchmarks.seeds` measures of one run, and how runs are put together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from tasks.data.readers import read_index
from tasks.evaluate_matching import embed_split
from tasks.evaluation.ar_spm.system import draw_again, open_system, predict_features, see_again
from tasks.evaluation.ar_spm.weights import Weights
from tasks.evaluation.attributes import score_agreement
from tasks.evaluation.bootstrap import encode_people, score_mean
from tasks.evaluation.fitting import fit_picture_heads
from tasks.evaluation.held_out import read_held_out, read_spectrograms
from tasks.evaluation.linear_head import fit_classifier as fit_head
from tasks.evaluation.matching_table.rounds import Round, Stratum, draw_round, read_people
from tasks.evaluation.matching_table.sources import Data, open_sources
from tasks.evaluation.matching_table.systems import Embedded, System, find_common
from tasks.evaluation.scores import Floats, Indices, Score
from tasks.evaluation.voice2face.classifiers import ClassifierRecipe, fit_classifier
from tasks.evaluation.voice2face.corpus import Labelled, read_faces, read_labels, read_voices
from tasks.evaluation.voice2face.networks import load_networks
from tasks.params import Params
from tasks.training.precision import choose_device, choose_precision

ORACLE = "gender oracle"
MATCHING: Mapping[Stratum, str] = {"U": "1:2 matching", "G": "1:2 matching, same gender"}
ETHNICITY_LEAK, GENDER_CONTROL = "ethnicity from the voice (leak)", "gender from the voice"
PICTURE_GENDER = "gender of the picture"
FACE_FOUND = "a face is found in the picture"
# Per-sample values [N] to the score of their mean, with its interval over people.
Rescore = Callable[[Floats], Score]


@dataclass(frozen=True)
class Row:
    """One figure of one run; `values` [N] are what it is the mean of."""

    network: str
    metric: str
    seed: int
    score: Score
    values: Floats
    rescore: Rescore


@dataclass(frozen=True)
class Summary:
    """Over the runs: `score` is of each sample's mean, `spread` the deviation of the runs."""

    network: str
    metric: str
    score: Score
    by_seed: Mapping[int, float]
    spread: float


def measure_run(data: Path, weights: Mapping[str, Path], *, params: Params, seed: int) -> list[Row]:
    """Matching, leaks and pictures of all networks in the folders `weights`."""
    device = choose_device(params.run.device)
    sources = open_sources(list(weights.values()), Data(data / "shards", data / "svhf", device))
    heard, tested = (embed_split(sources, split)[0] for split in ("train", "test"))
    return [
        *match_all(data / "shards", tested, params=params, seed=seed),
        *ask_heads(data / "shards", heard, tested, seed=seed),
        *look_at_voice2face(data / "shards", weights, params=params, seed=seed),
        *look_at_ar_spm(data / "shards", weights, params=params, seed=seed),
    ]


def match_all(
    shards: Path, systems: Sequence[System], *, params: Params, seed: int
) -> Iterator[Row]:
    """Every system and the gender oracle on one list of trials; the same for every run."""
    voices, faces = find_common(systems, "voices"), find_common(systems, "faces")
    people = read_people(shards, "test", voices=voices, faces=faces, nationality="ethnicity")
    num_trials, trials_seed = params.evaluate_matching.trials_per_probe, params.evaluation.seed
    for stratum, metric in MATCHING.items():
        item = draw_round(people, "V→F", stratum, num_per_probe=num_trials, seed=trials_seed)
        for system in systems:
            won = system.select(voices, faces).judges["V→F"].win(item.trials, "V→F")
            yield make_matching(system.name, metric, item, won, seed=seed)
        yield make_matching(ORACLE, metric, item, item.ask_oracle(), seed=seed)


def make_matching(network: str, metric: str, item: Round, won: Floats, *, seed: int) -> Row:
    def rescore(values: Floats) -> Score:
        return item.score(metric, values)

    return Row(network, metric, seed, rescore(won), won, rescore)


def ask_heads(
    shards: Path, heard: Sequence[System], tested: Sequence[System], *, seed: int
) -> Iterator[Row]:
    """Linear heads on what systems make of training voices, asked about test voices: ethnicity,
    which on the embedded corpus no voice has, and gender."""
    for known, unseen in zip(heard, tested, strict=True):
        if not known.has_vectors:
            continue
        strand = "pairs" if known.name in ("Speech2Face", "AR-SPM") else "voices"
        ends = [
            (system.judges["V→F"].voices, read_labels(shards / strand / split))
            for system, split in ((known, "train"), (unseen, "test"))
        ]
        for metric, attribute in ((ETHNICITY_LEAK, "ethnicity"), (GENDER_CONTROL, "gender")):
            yield ask_head(known.name, metric, *ends, attribute=attribute, seed=seed)


def ask_head(
    network: str,
    metric: str,
    known: tuple[Embedded, Labelled],
    unseen: tuple[Embedded, Labelled],
    *,
    attribute: str,
    seed: int,
) -> Row:
    head = fit_head(known[0].vectors, known[1].labels[attribute])
    said = head.predict(unseen[0].vectors).tolist()
    who = unseen[1]
    return make_agreement(network, metric, who.labels[attribute], said, who.people, seed=seed)


def make_agreement(
    network: str,
    metric: str,
    true: Sequence[str | None],
    said: Sequence[str | None],
    people: Indices,
    *,
    seed: int,
) -> Row:
    first = score_agreement(metric, true, said, people=people)
    values = np.array([float(a == b) for a, b in zip(true, said, strict=True)])

    def rescore(hits: Floats) -> Score:
        mean = score_mean(metric, hits, people=people, is_share=True)
        return replace(mean, chance=first.chance, constant=first.constant)

    return Row(network, metric, seed, first, values, rescore)


def look_at_voice2face(
    shards: Path, weights: Mapping[str, Path], *, params: Params, seed: int
) -> Iterator[Row]:
    """Gender of WEN's pictures by a network that was trained on real faces (SPEC 5.1)."""
    device, options = choose_device(params.run.device), params.evaluate_voice2face
    networks = load_networks(weights["voice_embedding"], weights["gan"], device=device)
    faces, voices = (
        read_faces(shards / "faces/train"),
        read_voices(networks, shards / "voices/test"),
    )
    recipe = ClassifierRecipe(
        options.classifier_steps, options.classifier_batch, params.evaluation.seed
    )
    judge = fit_classifier(faces, faces.who.labels["gender"], networks=networks, recipe=recipe)
    assert judge is not None
    true, said = voices.who.labels["gender"], judge.name(voices.pictures)
    yield make_agreement("WEN", PICTURE_GENDER, true, said, voices.who.people, seed=seed)


def look_at_ar_spm(
    shards: Path, weights: Mapping[str, Path], *, params: Params, seed: int
) -> Iterator[Row]:
    """Gender of AR-SPM's pictures by a head on features of what its decoder makes of training
    faces, and whether a detector finds a face in them (SPEC 5.6)."""
    test = read_index(shards / "pairs/test")
    files = Weights(
        (weights["ar_spm"],),
        weights["ar_spm_decoder"],
        weights["priors"],
        weights["gender_classifier"],
    )
    precision = choose_precision(params.run.device)
    system = open_system(files, test, features=params.compute_features, precision=precision)
    heads = fit_picture_heads(
        shards / "pairs/train",
        partial(draw_again, system=system),
        labelled=None,
        encoder=params.compute_features,
    ).heads
    assert heads is not None
    held_out = read_held_out(test, limit=params.evaluate_ar_spm.max_samples)
    spectrograms = read_spectrograms(test, held_out.groups)
    predicts = {system.default: system.predicts[system.default]}
    fused = predict_features(predicts, spectrograms, precision=precision)[system.default]
    seen, people = see_again(system, fused), encode_people(list(held_out.people))
    said = heads.read(seen.features, "made").genders
    yield make_agreement("AR-SPM", PICTURE_GENDER, held_out.genders, said, people, seed=seed)

    def rescore(found: Floats) -> Score:
        return score_mean(FACE_FOUND, found, people=people[: len(found)], is_share=True)

    yield Row("AR-SPM", FACE_FOUND, seed, rescore(seen.has_face), seen.has_face, rescore)


def summarise(rows: Sequence[Row]) -> list[Summary]:
    """One for each network and metric, in the rows' order."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.network, row.metric), []).append(row)
    return [_summarise_group(group) for group in groups.values()]


def _summarise_group(group: Sequence[Row]) -> Summary:
    first = group[0]
    by_seed = {row.seed: float(row.score.value or 0.0) for row in group}
    mean = first.rescore(np.mean([row.values for row in group], axis=0))
    constants = [row.score.constant for row in group if row.score.constant is not None]
    chances = [row.score.chance for row in group if row.score.chance is not None]
    score = replace(
        mean,
        chance=float(np.mean(chances)) if chances else None,
        constant=float(np.mean(constants)) if constants else None,
    )
    spread = float(np.std([*by_seed.values()], ddof=1)) if len(group) > 1 else 0.0
    return Summary(first.network, first.metric, score, by_seed, spread)
