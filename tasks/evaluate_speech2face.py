"""evaluate_speech2face: every table and figure of Speech2Face, measured on held-out people."""

from collections.abc import Iterator
from pathlib import Path

import torch
from prefect import task

from tasks.data.readers import read_index
from tasks.evaluation.data_card import write_data_card
from tasks.evaluation.galleries import write_galleries
from tasks.evaluation.head_scores import score_fitted, score_heads, score_packaged
from tasks.evaluation.heads import LabelledFeatures
from tasks.evaluation.held_out import COLUMNS
from tasks.evaluation.leaks import score_leaks
from tasks.evaluation.linear_head import select
from tasks.evaluation.picture_table import ROLES
from tasks.evaluation.recognition import ANYBODY
from tasks.evaluation.speech2face.ablations import list_variants, score_ablations
from tasks.evaluation.speech2face.attributes import (
    count_all,
    score_agreements,
    score_right,
    write_counted,
)
from tasks.evaluation.speech2face.curves import write_curves
from tasks.evaluation.speech2face.examine import Examined, Source, examine
from tasks.evaluation.speech2face.facts import Facts, write_facts
from tasks.evaluation.speech2face.galleries import show_all
from tasks.evaluation.speech2face.maps import write_map
from tasks.evaluation.speech2face.measure import choose_classifier, measure
from tasks.evaluation.speech2face.names import DEFAULT
from tasks.evaluation.speech2face.segments import score_segments
from tasks.evaluation.speech2face.shape import correlate_shapes, write_shapes
from tasks.evaluation.speech2face.system import System, open_system
from tasks.evaluation.store import Line, describe_headline, write_lines, write_samples
from tasks.params import EvaluationParams, FeatureParams, RunParams, Speech2FaceEvaluationParams
from tasks.training.precision import choose_precision
from tasks.training.stages import clear
from tasks.training.weights import Card, read_card


@task(task_run_name="evaluate_speech2face")
def measure_speech2face(
    shards: Path,
    encoder: Path,
    decoder: Path,
    out: Path,
    *,
    params: Speech2FaceEvaluationParams,
    evaluation: EvaluationParams,
    features: FeatureParams,
    run: RunParams,
    variants: Path | None = None,
) -> str:
    """Measures ENCODER, and those below `variants`, on SHARDS/pairs/test; returns the headline."""
    torch.set_num_threads(run.training_threads)
    test, train = (
        read_index(shards / "pairs" / split, columns=("spectrogram", *COLUMNS))
        for split in ("test", "train")
    )
    source = Source(test, train, decoder, list_variants(variants, default=encoder))
    system = open_system(
        encoder, decoder, test, features=features, precision=choose_precision(run.device)
    )
    examined = examine(
        system,
        source,
        params=params,
        evaluation=evaluation,
        encoder=features,
        num_workers=run.workers,
    )
    clear(out)
    lines, samples = measure(
        examined.heard, examined.pictures, examined.drawn, seed=evaluation.seed
    )
    lines += list_more(examined, seed=evaluation.seed)
    write_pictures(out, examined, system, params=params, seed=evaluation.seed)
    write_curves(out, {DEFAULT: encoder, **source.variants})
    write_data_card(out, shards, data_sets=("pairs",))
    write_facts(out, state_facts(examined, read_card(encoder), params=params))
    write_samples(out, samples)
    write_lines(out, lines)
    return describe_headline(lines, "Speech2Face")


def list_more(examined: Examined, *, seed: int) -> Iterator[Line]:
    """Lines of what no comparison of models needs."""
    held_out, pictures, fitted = examined.held_out, examined.pictures, examined.fitted
    rows, heard = examined.drawn.rows, examined.heard
    yield from score_agreements(pictures)
    yield from score_right(pictures, select(held_out.labels, rows), seed=seed)
    if fitted.heads is not None:
        labels, names = select(held_out.labels, rows), [held_out.people[row] for row in rows]
        real, made = (
            LabelledFeatures(reading.features, labels, names, reading.answers)
            for reading in (pictures.readings["original"], pictures.readings["from_face"])
        )
        yield from score_heads(fitted.heads, real, made, seed=seed)
        yield from score_packaged(real, made, seed=seed)
        if fitted.real is not None:
            yield from score_fitted(fitted.real, fitted.made, seed=seed)
        unseen = held_out.label(heard.whole)
        yield from score_leaks(fitted.heads.real, examined.training, unseen, seed=seed)
    yield from score_segments(
        heard.whole,
        held_out.features,
        people=held_out.people,
        videos=examined.videos,
        parts=examined.parts,
        seed=seed,
    )
    if examined.variants:
        yield from score_ablations(
            {DEFAULT: heard.whole, **examined.variants},
            held_out.features,
            people=held_out.people,
            trials=heard.trials[ANYBODY],
            constant=heard.constant,
            seed=seed,
        )


def write_pictures(
    out: Path, examined: Examined, system: System, *, params: Speech2FaceEvaluationParams, seed: int
) -> None:
    """What figures are made of."""
    write_shapes(out, list(correlate_shapes(examined.pictures)))
    write_counted(out, count_all(examined.pictures, examined.fitted.seen))
    write_galleries(out, show_all(examined, system.draw, count=params.num_shown, seed=seed))
    write_map(out, examined.heard.whole, examined.held_out, seed=seed)


def state_facts(examined: Examined, card: Card, *, params: Speech2FaceEvaluationParams) -> Facts:
    held_out, pictures, fitted = examined.held_out, examined.pictures, examined.fitted
    return Facts(
        num_available=held_out.num_available,
        num_measured=len(held_out),
        num_people=len(set(held_out.people)),
        num_drawn=len(examined.drawn.rows),
        trials_per_voice=params.trials_per_voice,
        length=examined.heard.length,
        lengths=list(examined.heard.features),
        dimension=held_out.features.shape[1],
        face_encoder=card.face_encoder.get("encoder", "unknown"),
        trained_seconds=float(card.params["seconds"]),
        heads_source=fitted.source,
        num_fitted=fitted.real.num_found if fitted.real else 0,
        num_fitted_drawn=fitted.made.num_found if fitted.made else 0,
        num_histogram=len(fitted.training.people),
        classifier=choose_classifier(pictures) or "",
        no_face={role: pictures.readings[role].num_missing for role in ROLES},
        has_parts=examined.parts is not None,
        variants=list(examined.variants),
    )
