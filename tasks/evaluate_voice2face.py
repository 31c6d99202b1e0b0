"""evaluate_voice2face: every table and figure of Wen et al. (SPEC 5.1, 5.2), measured."""

from pathlib import Path

import torch
from prefect import task

from tasks.evaluation.data_card import write_data_card
from tasks.evaluation.galleries import write_galleries
from tasks.evaluation.picture_readings import open_encoder
from tasks.evaluation.store import describe_headline, write_lines, write_samples
from tasks.evaluation.voice2face.durations import read_speech
from tasks.evaluation.voice2face.matching import Outcome
from tasks.evaluation.voice2face.measure import (
    Settings,
    count_table_1,
    measure_figures,
    measure_tables,
    name_headline,
)
from tasks.evaluation.voice2face.networks import load_networks
from tasks.evaluation.voice2face.realness import read_sounds
from tasks.evaluation.voice2face.splits import DATA_SETS, read_corpus
from tasks.params import EvaluationParams, FeatureParams, RunParams, Voice2FaceEvaluationParams
from tasks.training.precision import choose_device
from tasks.training.stages import clear


@task(task_run_name="evaluate_voice2face")
def measure_voice2face(
    shards: Path,
    extracts: Path,
    embedding: Path,
    gan: Path,
    out: Path,
    *,
    params: Voice2FaceEvaluationParams,
    evaluation: EvaluationParams,
    features: FeatureParams,
    run: RunParams,
) -> str:
    """Measures the networks on SHARDS, writes `out`; babble is mixed of EXTRACTS' test voices.

    Returns the headline in words.
    """
    torch.set_num_threads(run.training_threads)
    settings = Settings(params, evaluation, open_encoder(features))
    networks = load_networks(embedding, gan, device=choose_device(run.device))
    clear(out)
    card = write_data_card(out, shards, data_sets=DATA_SETS)
    corpus = read_corpus(networks, shards, max_train=params.train_trials, seed=settings.seed)
    outcome = Outcome()
    if corpus is not None:
        outcome = measure_tables(networks, corpus, out=out, settings=settings)
        sounds = read_sounds(extracts, corpus.test.who)
        lines, galleries = measure_figures(
            networks,
            corpus,
            sounds=sounds,
            speech=read_speech(shards / "voices/test"),
            settings=settings,
        )
        outcome.lines.extend(lines)
        write_galleries(out, galleries)
    lines = [*count_table_1(card, shards), *outcome.lines]
    lines = [*name_headline(lines), *lines]
    write_lines(out, lines)
    write_samples(out, outcome.samples)
    return describe_headline(lines, "Wen et al.")
