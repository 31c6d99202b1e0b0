"""Does what the networks learn depend on the seed? The chain of `make run`, trained several times.

`python -m benchmarks.seeds DATA OUT --work WORK [--seeds 0 1 2]` trains its networks on DATA/shards
and DATA/svhf with the presets of params.yaml, `loop.seed` alone changed, and measures every run on
the same trials of the same test people. OUT gets README.md, metrics.json, seeds.csv (each run) and
summary.csv (over the runs); weights lie in WORK, from which a killed run goes on.
"""

import argparse
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import torch
from prefect import Task

from benchmarks.seed_scores import Row, measure_run, summarise
from benchmarks.seed_table import write_record
from flows._shards import code_of
from tasks.compute_priors import compute_face_priors
from tasks.params import Params, read_params
from tasks.train_ar_spm import fit_ar_spm
from tasks.train_ar_spm_decoder import fit_ar_spm_decoder
from tasks.train_dimnet import fit_dimnet
from tasks.train_face_decoder import fit_face_decoder
from tasks.train_gan import fit_gan
from tasks.train_gender_classifier import fit_gender_classifier
from tasks.train_speech2face import fit_speech2face
from tasks.train_svhf import fit_svhf
from tasks.train_voice_embedding import fit_voice_embedding
from tasks.training.weights import CARD

logger = logging.getLogger("seeds")
CHAIN = (
    *("train_voice_embedding", "train_gan", "train_face_decoder", "train_speech2face"),
    *("train_ar_spm_decoder", "train_gender_classifier", "train_ar_spm"),
    *("train_svhf", "train_dimnet"),
)
AR_SPM_NEEDS = {
    "decoder": "ar_spm_decoder",
    "priors": "priors",
    "gender": "gender_classifier",
}


@dataclass(frozen=True)
class Job:
    """A training task, its section of params.yaml, and its arguments besides."""

    name: str
    unit: Task[..., dict[str, float]]
    params: Any
    given: Mapping[str, Any] = field(default_factory=dict)


def change_seed(params: Params, seed: int) -> Params:
    """The presets with another seed for every network of the chain."""
    sections: dict[str, Any] = {}
    for name in CHAIN:
        section = getattr(params, name)
        sections[name] = replace(section, loop=replace(section.loop, seed=seed))
    return replace(params, **sections)


def list_jobs(data: Path, weights: Path, params: Params) -> list[Job]:
    """What is trained, in the order of the chain."""
    encoder, voice = {"encoder": params.compute_features}, params.train_voice_embedding
    drawer = {name: weights / folder for name, folder in AR_SPM_NEEDS.items()}
    wen = {"embedding": weights / "voice_embedding", "voice_params": voice}
    oh = {"decoder": weights / "face_decoder", **encoder}
    return [
        Job("voice_embedding", fit_voice_embedding, voice),
        Job("gan", fit_gan, params.train_gan, wen),
        Job("face_decoder", fit_face_decoder, params.train_face_decoder, encoder),
        Job("speech2face", fit_speech2face, params.train_speech2face, oh),
        Job("ar_spm_decoder", fit_ar_spm_decoder, params.train_ar_spm_decoder, encoder),
        Job("gender_classifier", fit_gender_classifier, params.train_gender_classifier),
        Job("priors", compute_face_priors, params.compute_priors),
        Job("ar_spm", fit_ar_spm, params.train_ar_spm, {**drawer, **encoder}),
        Job("svhf", fit_svhf, params.train_svhf, {"shards": data / "svhf", "probe": "voice"}),
        Job("dimnet_i", fit_dimnet, params.train_dimnet, {"variant": "I"}),
        Job("dimnet_g", fit_dimnet, params.train_dimnet, {"variant": "G"}),
    ]


def train_chain(
    data: Path, weights: Path, params: Params, *, left_out: Sequence[str] = ()
) -> dict[str, Path]:
    """Folders of weights by artefact; those that are there already are not trained again."""
    jobs = [job for job in list_jobs(data, weights, params) if job.name not in left_out]
    for job in jobs:
        if not any((weights / job.name).rglob(CARD)):
            given = {"shards": data / "shards", "out": weights / job.name, **job.given}
            code = code_of(job.unit)
            metrics = job.unit.fn(code=code, params=job.params, run=params.run, **given)
            logger.info("%s: %s", job.name, {k: round(v, 3) for k, v in metrics.items()})
    return {job.name: weights / job.name for job in jobs}


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", force=True)
    options = parse_options()
    params = read_params()
    params = replace(params, run=replace(params.run, training_threads=options.threads))
    torch.set_num_threads(options.threads)
    rows: list[Row] = []
    for seed in options.seeds:
        seeded = change_seed(params, seed)
        folder = options.work / f"seed-{seed}" / "weights"
        weights = train_chain(options.data, folder, seeded, left_out=options.without)
        rows += measure_run(options.data, weights, params=seeded, seed=seed)
        logger.info("seed %d measured", seed)
    command = f"python -m benchmarks.seeds data {options.out} --work WORK --seeds " + " ".join(
        map(str, options.seeds)
    )
    write_record(options.out, rows, summarise(rows), command=command)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="data root with shards and svhf")
    parser.add_argument("out", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--without", nargs="*", default=[], help="such as svhf dimnet_i dimnet_g")
    parser.add_argument("--threads", type=int, default=1)
    return cast(argparse.Namespace, parser.parse_args())


if __name__ == "__main__":
    main()
