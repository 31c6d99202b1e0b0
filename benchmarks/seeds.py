"""Does what the networks learn depend on the seed? The chain of `make run`, trained several times.

`python -m benchmarks.seeds DATA OUT --work WORK [--seeds 0 1 2]` trains its networks on DATA/shards
and DATA/svhf with the presets of params.yaml, `loop.seed` alone changed, and measures every run on
the same trials of the same test people. OUT gets README.md, metrics.json, seeds.csv (each run) and
summary.csv (over the runs); weights lie in WORK, from which a killed run goes on.
"""

import argparse
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch

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

logger = logging.getLogger("seeds")
CHAIN = (
    *("train_voice_embedding", "train_gan", "train_face_decoder", "train_speech2face"),
    *("train_ar_spm_decoder", "train_gender_classifier", "train_ar_spm"),
    *("train_svhf", "train_dimnet"),
)


def change_seed(params: Params, seed: int) -> Params:
    """The presets with another seed for every network of the chain."""
    sections: dict[str, Any] = {}
    for name in CHAIN:
        section = getattr(params, name)
        sections[name] = replace(section, loop=replace(section.loop, seed=seed))
    return replace(params, **sections)


def train_chain(data: Path, weights: Path, params: Params) -> dict[str, Path]:
    """Folders of weights by artefact; those that WORK has already are not trained again."""
    shards, encoder, run = data / "shards", params.compute_features, params.run
    voice, decoder, drawer = (
        weights / name for name in ("voice_embedding", "face_decoder", "ar_spm_decoder")
    )
    priors, gender = weights / "priors", weights / "gender_classifier"
    jobs: list[tuple[str, Any, Mapping[str, Any]]] = [
        ("voice_embedding", fit_voice_embedding, {"params": params.train_voice_embedding}),
        (
            "gan",
            fit_gan,
            {
                "embedding": voice,
                "params": params.train_gan,
                "voice_params": params.train_voice_embedding,
            },
        ),
        (
            "face_decoder",
            fit_face_decoder,
            {"params": params.train_face_decoder, "encoder": encoder},
        ),
        (
            "speech2face",
            fit_speech2face,
            {"decoder": decoder, "params": params.train_speech2face, "encoder": encoder},
        ),
        (
            "ar_spm_decoder",
            fit_ar_spm_decoder,
            {"params": params.train_ar_spm_decoder, "encoder": encoder},
        ),
        ("gender_classifier", fit_gender_classifier, {"params": params.train_gender_classifier}),
        ("priors", compute_face_priors, {"params": params.compute_priors}),
        (
            "ar_spm",
            fit_ar_spm,
            {
                **{"decoder": drawer, "priors": priors, "gender": gender},
                **{"params": params.train_ar_spm, "encoder": encoder},
            },
        ),
        (
            "svhf",
            fit_svhf,
            {"shards": data / "svhf", "probe": "voice", "params": params.train_svhf},
        ),
        ("dimnet_i", fit_dimnet, {"variant": "I", "params": params.train_dimnet}),
        ("dimnet_g", fit_dimnet, {"variant": "G", "params": params.train_dimnet}),
    ]
    for name, unit, given in jobs:
        if not any((weights / name).rglob("card.json")):
            metrics = unit.fn(
                **{"shards": shards, "out": weights / name, "code": code_of(unit), "run": run}
                | dict(given)
            )
            logger.info("%s: %s", name, {k: round(v, 3) for k, v in metrics.items()})
    return {name: weights / name for name, _, _ in jobs}


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options = parse_options()
    params = read_params()
    params = replace(params, run=replace(params.run, training_threads=options.threads))
    torch.set_num_threads(options.threads)
    rows: list[Row] = []
    for seed in options.seeds:
        seeded = change_seed(params, seed)
        weights = train_chain(options.data, options.work / f"seed-{seed}" / "weights", seeded)
        rows += measure_run(options.data, weights, params=seeded, seed=seed)
        logger.info("seed %d measured", seed)
    command = f"python -m benchmarks.seeds data {options.out} --seeds " + " ".join(
        map(str, options.seeds)
    )
    write_record(options.out, rows, summarise(rows), command=command)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="data root with shards and svhf")
    parser.add_argument("out", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=1)
    return cast(argparse.Namespace, parser.parse_args())


if __name__ == "__main__":
    main()
