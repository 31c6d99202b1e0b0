"""evaluate_ar_spm: every table and figure of AR-SPM, measured on held-out people (SPEC 5.6)."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from prefect import task

from tasks.data.readers import ShardIndex, read_feature_width, read_index
from tasks.evaluation.ar_spm.answers import answer_voices
from tasks.evaluation.ar_spm.attributes import NO_HEADS
from tasks.evaluation.ar_spm.facts import Facts, write_facts
from tasks.evaluation.ar_spm.measure import Examined, examine, measure
from tasks.evaluation.ar_spm.names import FACE_TO_FACE, ORIGINAL
from tasks.evaluation.ar_spm.pictures import show_all
from tasks.evaluation.ar_spm.priors import (
    GenderedFaces,
    count_faces,
    read_gendered_faces,
    score_table1,
)
from tasks.evaluation.ar_spm.system import (
    NUM_CHECKED,
    System,
    draw_again,
    open_system,
    predict_features,
)
from tasks.evaluation.ar_spm.weights import Weights, list_encoders, write_curves
from tasks.evaluation.data_card import write_data_card
from tasks.evaluation.fitting import Fitted, fit_picture_heads
from tasks.evaluation.galleries import write_galleries
from tasks.evaluation.head_scores import score_fitted, score_heads, score_packaged
from tasks.evaluation.heads import Heads
from tasks.evaluation.held_out import COLUMNS, read_held_out, read_spectrograms
from tasks.evaluation.leaks import score_leaks
from tasks.evaluation.store import Line, describe_headline, write_lines, write_samples
from tasks.params import ArSpmEvaluationParams, EvaluationParams, FeatureParams, RunParams
from tasks.training.precision import choose_precision
from tasks.training.stages import clear
from tasks.training.weights import read_card

logger = logging.getLogger(__name__)


@task(task_run_name="evaluate_ar_spm")
def measure_ar_spm(
    shards: Path,
    encoder: Path,
    decoder: Path,
    priors: Path,
    gender: Path,
    out: Path,
    *,
    params: ArSpmEvaluationParams,
    evaluation: EvaluationParams,
    features: FeatureParams,
    run: RunParams,
    variants: Path | None = None,
) -> str:
    """Measures ENCODER, and those below `variants`, on SHARDS/pairs/test; returns the headline."""
    torch.set_num_threads(run.training_threads)
    seed = evaluation.seed
    test, train = (
        read_index(shards / "pairs" / split, columns=("spectrogram", *COLUMNS))
        for split in ("test", "train")
    )
    weights = Weights(list_encoders(encoder, variants), decoder, priors, gender)
    system = open_system(weights, test, features=features, precision=choose_precision(run.device))
    fitted = fit_picture_heads(
        train.folder,
        partial(draw_again, system=system),
        labelled=evaluation.labelled_faces,
        encoder=features,
        num_workers=run.workers,
    )
    heads = fitted.heads
    examined = examine_split(system, test, heads=heads, params=params, seed=seed)
    faces = read_gendered_faces(train, seed=seed)
    clear(out)
    lines, samples = measure(examined)
    lines += score_table1(faces, num_repeats=params.prior_repeats, seed=seed)
    if heads is not None:
        lines += check_heads(system, train, examined, fitted=fitted, params=params)
    write_galleries(out, show_all(examined, faces, draw=system.draw, params=params))
    write_curves(out, weights.encoders)
    write_data_card(out, shards, data_sets=("pairs",))
    write_facts(out, state_facts(examined, test, faces, weights=weights, heads=heads))
    write_samples(out, samples)
    write_lines(out, lines)
    return describe_headline(lines, f"AR-SPM ({system.default})")


def examine_split(
    system: System,
    index: ShardIndex,
    *,
    heads: Heads | None,
    params: ArSpmEvaluationParams,
    seed: int,
) -> Examined:
    held_out = read_held_out(index, limit=params.max_samples, seed=seed)
    spectrograms = read_spectrograms(index, held_out.groups)
    answers = answer_voices(system, spectrograms, held_out)
    logger.info("%d voices answered by %s", len(held_out), ", ".join(system.predicts))
    return examine(
        held_out,
        answers,
        default=system.default,
        heads=heads,
        num_per_probe=params.trials_per_voice,
        seed=seed,
    )


def check_heads(
    system: System,
    train: ShardIndex,
    examined: Examined,
    *,
    fitted: Fitted,
    params: ArSpmEvaluationParams,
) -> Iterator[Line]:
    """How good the heads are, and what they find in features that voices were turned into."""
    held_out, seed = examined.held_out, examined.seed
    assert fitted.heads is not None
    assert fitted.real is not None
    real, made = (
        replace(held_out.label(features), packaged=examined.answers.packaged.get(name))
        for name, features in (
            (ORIGINAL, held_out.features),
            (FACE_TO_FACE, examined.primed[FACE_TO_FACE]),
        )
    )
    yield from score_heads(fitted.heads, real, made, seed=seed)
    yield from score_packaged(real.take(NUM_CHECKED), made.take(NUM_CHECKED), seed=seed)
    yield from score_fitted(fitted.real, fitted.made, seed=seed)
    known = read_held_out(train, limit=params.max_samples, seed=seed)
    heard = predict_features(
        {system.default: system.predicts[system.default]},
        read_spectrograms(train, known.groups),
        precision=system.precision,
    )[system.default]
    unseen = held_out.label(examined.fused)
    yield from score_leaks(fitted.heads.real, known.label(heard), unseen, seed=seed)


def state_facts(
    examined: Examined,
    test: ShardIndex,
    faces: GenderedFaces,
    *,
    weights: Weights,
    heads: Heads | None,
) -> Facts:
    held_out, truth = examined.held_out, examined.truth
    card = read_card(weights.encoders[0])
    return Facts(
        default=examined.default,
        variants=list(examined.variants),
        num_available=held_out.num_available,
        num_measured=len(held_out),
        num_people=len(set(held_out.people)),
        sources=sorted(held_out.sources),
        dimension=read_feature_width(test),
        face_encoder=card.face_encoder.get("encoder", "unknown"),
        trials_per_voice=examined.num_per_probe,
        faces=count_faces(faces),
        gender_source=truth.gender_source if truth else NO_HEADS,
        age_source=truth.age_source if truth else NO_HEADS,
        heads_source=heads.source if heads else NO_HEADS,
        code_reduction=str(card.params["code_reduction"]),
    )
