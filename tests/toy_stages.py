"""Stages of the toy project: `python -m toy data|train|evaluate|report`."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import yaml

from tasks.data.shards import list_shards
from tasks.evaluation.bootstrap import encode_people, score_mean
from tasks.evaluation.scores import complete
from tasks.evaluation.store import Line, make_samples, read_lines, write_lines, write_samples
from tasks.training.weights import Card, load_tensors, save_tensors
from tests.fake_corpus import make_clips, write_fake_corpus

NUM_PEOPLE, PER_PERSON = 40, 25


def make_data() -> None:
    settings = yaml.safe_load(Path("corpus.yaml").read_text())
    clips = make_clips(settings["num_clips"])
    if settings.get("gender"):
        clips = [replace(c, clip=replace(c.clip, gender=settings["gender"])) for c in clips]
    write_fake_corpus(Path("data"), clips)


def train() -> None:
    quality = yaml.safe_load(Path("quality.yaml").read_text())
    tensors = {name: torch.tensor(float(value)) for name, value in quality.items()}
    card = Card("models.voice2face.Generator", {}, data={"shards": str(count_rows())})
    save_tensors(Path("data/weights/gan"), tensors, card)


def count_rows() -> int:
    return len(list_shards(Path("data/shards/pairs/test")))


def evaluate(weights: Path, out: Path) -> None:
    """Each trial is won by a model that is good enough for it: what one wins a better one does."""
    tensors = load_tensors(weights)
    people = [f"p{number // PER_PERSON}" for number in range(NUM_PEOPLE * PER_PERSON)]
    ids = [f"s{number}" for number in range(len(people))]
    tables, lines = [], []
    for seed, (name, table) in enumerate((("matching", "headline"), ("gender", "guarded"))):
        needed = np.random.default_rng(seed).random(len(ids))
        won = (needed < float(tensors[table])).astype(float)
        score = score_mean(name, won, people=encode_people(people), is_share=True)
        lines.append(Line(table, (name,), complete(score, chance=0.5, constant=0.5)))
        tables.append(make_samples(name, sample_ids=ids, people=people, values=won))
    write_lines(out, lines)
    write_samples(out, tables)


def report() -> None:
    out = Path("reports/voice2face")
    (out / "tables").mkdir(parents=True, exist_ok=True)
    values = {
        li.score.name: li.score.value for li in read_lines(Path("data/evaluations/voice2face"))
    }
    (out / "metrics.json").write_text(json.dumps(values))
    (out / "index.html").write_text(f"<p>{values}</p>")
    (out / "tables" / "scores.csv").write_text(json.dumps(values))


def main(arguments: list[str]) -> None:
    if arguments[0] == "evaluate":
        return evaluate(Path(arguments[2]), Path(arguments[3]))
    return {"data": make_data, "train": train, "report": report}[arguments[0]]()


if __name__ == "__main__":
    main(sys.argv[1:])
