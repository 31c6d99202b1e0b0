"""Do encoders of voices learn something of real faces, from few pairs?

`python -m benchmarks.learning SHARDS OUT NAME=FOLDER …` measures trained encoders (weights of
train_speech2face, train_ar_spm without prior, train_speaker_face; of train_voice_embedding with a
ridge regression fitted here) on SHARDS/pairs/test, people they never saw, and writes a report to
OUT. With `--decoder FOLDER --pictures CSV` also pictures: CSV has columns clip_id, from_face and
from_voice, pictures by others to set beside ours (paths from its folder). Pictures of people are
written to `--grid` alone, for looking at.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from benchmarks.decoded_pictures import encode_pictures, make_pictures, write_grid
from models.ar_spm import SpeechEncoder
from models.speaker_encoder import SpeakerFaceEncoder
from models.speech2face import VoiceEncoder
from models.voice2face import VoiceEmbedding
from tasks.data.readers import name_person, read_batches
from tasks.evaluation.bootstrap import encode_people
from tasks.evaluation.features import score_features
from tasks.evaluation.matching import (
    Items,
    Trials,
    compare_labels,
    compare_vectors,
    draw_trials,
    score_trials,
)
from tasks.evaluation.retrieval import rank_constant, rank_true, score_recalls
from tasks.evaluation.scores import Floats, Score
from tasks.report.render import Report, write_report
from tasks.report.scores import build_score_table
from tasks.report.tables import Column, Table
from tasks.training.recordings import embed_recordings
from tasks.training.ridge import choose_ridge, fit_ridge
from tasks.training.weights import load_weights, read_card

TEMPLATE = "learning.html.j2"
BLOCK, SEED = 16, 0
STRENGTHS, GAINS = (0.1, 0.3, 1.0, 3.0, 10.0), (1.0, 2.0, 4.0, 8.0, 16.0)
REFERENCE = {"unstratified": 0.79, "within gender": 0.66}  # ridge, Resemblyzer to dlib, these data
NUM_PICTURES = 118
Row = tuple[tuple[str, ...], Score]


@dataclass(frozen=True)
class Split:
    """Clips of a split in order: features [N, D] and labels."""

    folder: Path
    clip_ids: list[str]
    people: list[str]
    genders: list[str | None]
    features: Floats


@dataclass(frozen=True)
class Tested:
    """What answers are measured on: test clips, trials by stratum, and the constant answer [D]."""

    split: Split
    items: Items
    trials: dict[str, Trials]
    constant: Floats


def read_split(folder: Path) -> Split:
    columns = ["clip_id", "identity", "video_id", "gender", "face_feature"]
    clip_ids, people, genders, features = list[str](), list[str](), list[str | None](), []
    for batch in read_batches(folder, columns=columns, batch_size=256):
        clip_ids += [str(name) for name in batch["clip_id"]]
        people += [name_person(batch, row) for row in range(len(batch["clip_id"]))]
        genders += list(batch["gender"])
        features.append(np.array(batch["face_feature"]))
    return Split(folder, clip_ids, people, genders, np.concatenate(features))


def prepare_test(test: Split, *, constant: Floats) -> Tested:
    items = Items(test.clip_ids, test.people)
    strata = dict(zip(test.people, test.genders, strict=True))
    trials = {
        "unstratified": draw_trials(items, items, seed=SEED),
        "within gender": draw_trials(items, items, strata=strata, seed=SEED),
    }
    return Tested(test, items, trials, constant)


def thin(tested: Tested, *, count: int) -> tuple[Tested, npt.NDArray[np.intp]]:
    """About `count` of the test clips, evenly taken, and their places."""
    split = tested.split
    places = np.arange(len(split.clip_ids))[:: max(1, len(split.clip_ids) // count)]
    part = Split(
        split.folder,
        *([values[place] for place in places] for values in (split.clip_ids, split.people)),
        [split.genders[place] for place in places],
        split.features[places],
    )
    return prepare_test(part, constant=tested.constant), places


@torch.no_grad()
def answer(folder: Path, train: Split, test: Split) -> Floats:
    """What the encoder of a folder of weights says of the test voices, [N, D]."""
    network = load_weights(folder)
    if isinstance(network, VoiceEmbedding):
        return answer_by_ridge(network, train, test)
    if not isinstance(network, VoiceEncoder | SpeechEncoder | SpeakerFaceEncoder):
        raise ValueError(f"{folder}: {read_card(folder).network} is no encoder of voices")
    parts = [
        network(torch.tensor(batch["spectrogram"]).float())
        for batch in read_batches(test.folder, columns=["spectrogram"], batch_size=BLOCK)
    ]
    return torch.cat(parts).numpy()


def answer_by_ridge(network: nn.Module, train: Split, test: Split) -> Floats:
    """A ridge from the voice embedding, chosen and fitted on the training people."""
    heard = {split.folder.name: _embed(network, split) for split in (train, test)}
    inputs, targets = heard[train.folder.name], torch.from_numpy(train.features)
    choice = choose_ridge(inputs, targets, people=train.people, strengths=STRENGTHS, gains=GAINS)
    line = fit_ridge(inputs, targets, strength=choice.strength, gain=choice.gain)
    return line.predict(heard[test.folder.name]).float().numpy()


def _embed(network: nn.Module, split: Split) -> Tensor:
    """Embeddings of a split's pairs, whose recordings lie in another data set: [N, E]."""
    folder = split.folder.parents[1] / "voices" / split.folder.name
    names = [n for b in read_batches(folder, columns=["clip_id"]) for n in b["clip_id"]]
    found = embed_recordings(network, folder, device=torch.device("cpu")).embeddings
    place = {str(name): row for row, name in enumerate(names)}
    return found[[place[name] for name in split.clip_ids]]


def score_answers(label: str, answers: Floats, tested: Tested) -> Iterator[Row]:
    """Matching in both strata, R@10 among 100, and the angle, beside the constant answer."""
    truth = tested.split.features
    same = np.broadcast_to(tested.constant, truth.shape).copy()
    for stratum, trials in tested.trials.items():
        won, base = (
            compare_vectors(trials, probes=made, candidates=truth) for made in (answers, same)
        )
        score = score_trials(
            "1:2 matching",
            won,
            trials=trials,
            probes=tested.items,
            candidates=tested.items,
            constant=base,
        )
        yield (label, f"1:2 matching, {stratum}"), score
    people = encode_people(tested.split.people)
    ranks, fixed = (
        find(values, truth, distances=("cosine",), people=(people, people))["cosine"]
        for find, values in ((rank_true, answers), (rank_constant, tested.constant))
    )
    recalls = score_recalls(ranks, people=people, constant=fixed)
    yield (label, "R@10 in galleries of 100"), recalls["of_100", 10]


def score_angles(label: str, answers: Floats, tested: Tested) -> Row:
    people = encode_people(tested.split.people)
    found = score_features(answers, tested.split.features, people=people, constant=tested.constant)
    return (label, "angle to the true feature, degrees"), found["angle_deg"].mean


def score_oracle(tested: Tested) -> Row:
    """What knowing the speaker's gender and nothing else would give."""
    genders, trials = tested.split.genders, tested.trials["unstratified"]
    won = compare_labels(trials, genders, genders)
    score = score_trials(
        "1:2 matching", won, trials=trials, probes=tested.items, candidates=tested.items
    )
    return ("(an oracle of gender)", "1:2 matching, unstratified"), score


def build_tables(rows: list[Row], angles: list[Row], pictures: list[Row]) -> Iterator[Table]:
    heads = (Column("model"), Column("metric"))
    yield build_score_table("retrieval", "Whose face is it?", heads, rows)
    yield build_score_table(
        "angles", "Distance to the true face feature", heads, angles, kind="number"
    )
    if pictures:
        heads = (Column("picture"), Column("metric"))
        yield build_score_table(
            "pictures", "Pictures, read again by the face encoder", heads, pictures
        )


def flatten(rows: list[Row]) -> dict[str, int | float]:
    flat: dict[str, int | float] = {}
    for labels, score in rows:
        name = "_".join("".join(c if c.isalnum() else " " for c in " ".join(labels)).split())
        for end, value in (("", score.value), ("_low", score.low), ("_high", score.high)):
            if value is not None:
                flat[name + end] = value
    return flat


def run(arguments: argparse.Namespace) -> None:
    train = read_split(arguments.shards / "pairs/train")
    tested = prepare_test(
        read_split(arguments.shards / "pairs/test"), constant=train.features.mean(axis=0)
    )
    rows, angles, made = [score_oracle(tested)], list[Row](), dict[str, Floats]()
    notes: list[str] = []
    for text in arguments.encoders:
        label, _, folder = text.partition("=")
        made[label] = answer(Path(folder), train, tested.split)
        rows += score_answers(label, made[label], tested)
        angles.append(score_angles(label, made[label], tested))
        notes.append(f"{label}: {read_card(Path(folder)).network}")
        print(label, *(f"{s.value:.3f} [{s.low:.3f}, {s.high:.3f}]" for _, s in rows[-3:]))  # type: ignore[str-format]
    shown: list[Row] = []
    if arguments.decoder:
        best = made[arguments.speaks or next(reversed(made))]
        part, places = thin(tested, count=NUM_PICTURES)
        pictures = make_pictures(
            arguments.decoder,
            arguments.pictures,
            ids=part.split.clip_ids,
            seen=part.split.features,
            heard=best[places],
        )
        for label, group in pictures.items():
            shown += score_answers(label, encode_pictures(group), part)
        if arguments.grid:
            write_grid(arguments.grid, pictures)
    values = {
        "title": "Learning from few real pairs",
        "num_train": len(train.clip_ids),
        "num_test": len(tested.split.clip_ids),
        "num_people": len(set(tested.split.people)),
        "reference": REFERENCE,
        "models": notes,
        "commands": Path(arguments.commands).read_text().splitlines() if arguments.commands else [],
    }
    tables = tuple(build_tables(rows, angles, shown))
    metrics = flatten(rows + angles + shown)
    write_report(Report(TEMPLATE, values, tables, (), metrics), arguments.out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shards", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("encoders", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--decoder", type=Path)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--speaks", help="the encoder whose answers are drawn")
    parser.add_argument("--grid", type=Path)
    parser.add_argument("--commands", type=Path, help="a file with the commands, one a line")
    torch.set_num_threads(1)
    run(parser.parse_args())


if __name__ == "__main__":
    main()
