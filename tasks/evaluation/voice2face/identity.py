"""Who and what gender the generated faces are taken for (SPEC 5.1)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from tasks.evaluation.attributes import score_agreement
from tasks.evaluation.bootstrap import score_mean
from tasks.evaluation.groups import score_groups
from tasks.evaluation.scores import Floats, Indices, Score, complete, make_missing
from tasks.evaluation.store import Line, make_samples
from tasks.evaluation.voice2face.classifiers import Classifier
from tasks.evaluation.voice2face.corpus import Faces, Labelled, Voices
from tasks.evaluation.voice2face.networks import Networks, classify_people
from tasks.evaluation.voice2face.published import GENDER, HELD_OUT

HELD_OUT_WORDS = "generated from recordings kept from training"
SEEN_WORDS = "generated from recordings trained on"
REAL_WORDS = "real faces trained on"
NONE_HELD_OUT = "no recordings were kept from training (train_voice_embedding.held_out)"
TOPS = {"top-1": 1, "top-5": 5}


def score_identity(
    networks: Networks, pictures: Tensor, who: Labelled | None, *, words: str, seed: int = 0
) -> tuple[list[Line], list[pa.Table]]:
    """Top-1 and top-5 of the GAN's own classifier; of people it was not trained on nothing."""
    if who is None:
        missing = {name: make_missing(name_metric(name, words), NONE_HELD_OUT) for name in TOPS}
        return [Line("identity", (words, name), score) for name, score in missing.items()], []
    wanted = [row for row, name in enumerate(who.items.people) if name in networks.labels]
    lines, samples = list[Line](), list[pa.Table]()
    people = [who.items.people[row] for row in wanted]
    logits = classify_people(networks, pictures[torch.tensor(wanted)])
    truth = torch.tensor([networks.labels[name] for name in people])
    best = logits.topk(min(5, logits.shape[1]), dim=1).indices  # [N, 5]
    counts = sorted(Counter(people).values(), reverse=True)
    for name, top in TOPS.items():
        hits = (best[:, :top] == truth[:, None]).any(dim=1).numpy().astype(np.float64)
        metric = name_metric(name, words)
        score = complete(
            score_mean(metric, hits, people=who.people[wanted], is_share=True, seed=seed),
            chance=min(1.0, top / len(networks.labels)),
            constant=sum(counts[:top]) / len(people),
            published=HELD_OUT[name] if words == HELD_OUT_WORDS else None,
        )
        lines.append(Line("identity", (words, name), score))
        ids = [who.items.names[row] for row in wanted]
        samples.append(make_samples(metric, sample_ids=ids, people=people, values=hits))
        if words == HELD_OUT_WORDS and top == 1:
            groups = {key: [found[row] for row in wanted] for key, found in who.labels.items()}
            owners = who.people[wanted]
            lines += _score_hits(hits, owners, groups, chance=score.chance, seed=seed)
    return lines, samples


def _score_hits(
    hits: Floats,
    people: Indices,
    groups: Mapping[str, Sequence[str | None]],
    *,
    chance: float | None,
    seed: int,
) -> Iterator[Line]:
    def compute(samples: Indices) -> Score:
        score = score_mean(
            "held_out_top1", hits[samples], people=people[samples], is_share=True, seed=seed
        )
        return complete(score, chance=chance)

    for item in score_groups(compute, groups):
        labels = ("closed set, top-1", item.attribute, item.group, item.warning)
        yield Line("groups", labels, item.score)


def name_metric(top: str, words: str) -> str:
    prefix = {HELD_OUT_WORDS: "held_out", SEEN_WORDS: "seen", REAL_WORDS: "real"}[words]
    return f"{prefix}_{top.replace('-', '')}"


def score_genders(
    classifier: Classifier | None, voices: Voices, faces: Faces, *, seed: int = 0
) -> tuple[list[Line], list[pa.Table]]:
    """Gender of generated and of real test faces against the speakers' labels."""
    if classifier is None:
        reason = "no classifier: training faces of both genders are needed"
        missing = [make_missing(f"gender_{words}", reason) for words in GENDER]
        return [Line("gender", (words,), m) for words, m in zip(GENDER, missing, strict=True)], []
    lines, samples = list[Line](), list[pa.Table]()
    for words, who, pictures in (
        ("generated", voices.who, voices.pictures),
        ("real", faces.who, faces.pictures),
    ):
        true, found = who.labels["gender"], classifier.name(pictures)
        score = score_agreement(
            f"gender_{words}", true, found, people=who.people, published=GENDER[words], seed=seed
        )
        lines.append(Line("gender", (words,), score))
        agrees = [np.nan if a is None else float(a == b) for a, b in zip(true, found, strict=True)]
        samples.append(
            make_samples(
                score.name,
                sample_ids=who.items.names,
                people=who.items.people,
                values=np.array(agrees),
            )
        )
        if words == "generated":
            lines += _score_groups(found, who, seed=seed)
    return lines, samples


def _score_groups(found: Sequence[str | None], who: Labelled, *, seed: int) -> Iterator[Line]:
    labels = who.labels["gender"]

    def compute(samples: Indices) -> Score:
        return score_agreement(
            "gender_generated",
            [labels[row] for row in samples],
            [found[row] for row in samples],
            people=who.people[samples],
            seed=seed,
        )

    for item in score_groups(compute, who.labels):
        labels_of_row = ("gender of the face", item.attribute, item.group, item.warning)
        yield Line("groups", labels_of_row, item.score)
